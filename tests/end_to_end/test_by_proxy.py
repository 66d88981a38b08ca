"""Commands as they are typed, where the environment names a proxy for everything."""

import pytest

from tests.end_to_end.installation import Installation
from tests.forward_proxy import ForwardProxy


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_command_shows_a_proxy_what_is_meant_for_this_very_machine(installation: Installation, host: str) -> None:
    url = installation.sandbox.url.replace("127.0.0.1", host)
    installation.environment |= {"TIMETABLE_SYNC_ENTRA__AUTHORITY": url, "TIMETABLE_SYNC_EWS__ENDPOINT": f"{url}/EWS/Exchange.asmx"}
    with ForwardProxy({}) as proxy:
        names = ("http_proxy", "https_proxy", "all_proxy")
        installation.environment |= dict.fromkeys((*names, *map(str.upper, names)), proxy.url) | {"no_proxy": "", "NO_PROXY": ""}
        for verb, more in (("token", ()), ("doctor", ()), ("run", ("--now", "2026-10-13T02:00"))):
            with installation.start(*more, verb=verb) as process:
                out, err = process.communicate(timeout=300)
            assert process.returncode == 0, out + err
        assert proxy.asked == []
