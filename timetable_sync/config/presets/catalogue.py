"""The products that there are presets for, by name."""

from collections.abc import Mapping

from timetable_sync.config.presets import celcat, cmis, syllabusplus, unitime
from timetable_sync.config.presets.product import Dialect, Product

PRODUCTS: Mapping[str, Product] = {module.PRODUCT.name: module.PRODUCT for module in (celcat, cmis, syllabusplus, unitime)}


def dialect_for(product: Product, database: str, schema: str | None) -> Dialect:
    """For one kind of database (SQLAlchemy's name) and, if it is given, a schema; else the product's own, or none."""
    return Dialect(database, product.schemas.get(database, "") if schema is None else schema)
