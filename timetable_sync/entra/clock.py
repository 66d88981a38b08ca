"""How far this machine's clock is from the server's, and what that means for a sign-in. Pure."""

from datetime import timedelta

from timetable_sync.entra.facts import Remark

#: Entra ID forgives five minutes. https://learn.microsoft.com/entra/identity-platform/reference-error-codes (AADSTS700024)
FORGIVEN = timedelta(minutes=5)

#: The header tells whole seconds, and the answer was some time on its way.
_EXACT = timedelta(seconds=5)

#: From here on it is worth a word.
_WORTH_A_WORD = timedelta(minutes=1)


def skew_in_words(skew: timedelta | None) -> str:
    """ "agrees with the server's", or how far it is off; ``skew`` is how far ours is ahead, None where the server did not say."""
    if skew is None:
        return "not known: the server did not say what time it is"
    if abs(skew) < _EXACT:
        return "agrees with the server's"
    seconds = round(abs(skew.total_seconds()))
    amount = f"{seconds} seconds" if seconds < 120 else f"{round(seconds / 60)} minutes"
    return f"{amount} {'ahead of' if skew > timedelta(0) else 'behind'} the server's"


def skew_remark(skew: timedelta | None) -> Remark | None:
    """What is to be said of it; None where it is nothing."""
    if skew is None or abs(skew) < _WORTH_A_WORD:
        return None
    beyond = "; Entra ID forgives 5 minutes" if abs(skew) < FORGIVEN else ", more than the 5 minutes that Entra ID forgives"
    return Remark(f"this machine's clock is {skew_in_words(skew)}{beyond}", "Set this machine's clock by NTP.")
