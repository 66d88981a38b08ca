"""XML names of EWS and of our marker, as lxml writes them. Values only."""

from timetable_sync.model.marker import PROPERTY_NAME, PROPERTY_SET

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"

S = f"{{{SOAP}}}"
M = f"{{{MESSAGES}}}"
T = f"{{{TYPES}}}"
E = f"{{{ERRORS}}}"

#: Our marker's address: the same MAPI property as Graph's ``String {guid} Name TimetableSync``.
MARKER_URI = {"PropertySetId": PROPERTY_SET, "PropertyName": PROPERTY_NAME, "PropertyType": "String"}
