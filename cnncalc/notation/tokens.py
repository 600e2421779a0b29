"""The tokens behind a kind's name: what each sets, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cnncalc.layers import FieldError, Layer
from cnncalc.layers.fields import PerAxis, Wholes, whole
from cnncalc.notation.vocabulary import TokenError, field_help, field_suggestion, unslashed, usage, vocabulary

__all__ = ["asserted", "foreign", "read_tokens"]

_COMMAS = frozenset(",，、")  # a pattern of them takes longer to compile than all tokens to read
_LETTER = re.compile(r"([a-z])([-+.:?0-9].*)\Z")


def read_tokens(
    cls: type[Layer],
    tokens: Iterable[tuple[int, str]],
    given: dict[str, object],
    offsets: dict[str, tuple[int, int]],
) -> list[TokenError]:
    """Set fields in `given` from all tokens; what cannot be read is returned."""
    errors = []
    waiting = list(tokens)[::-1]
    while waiting:
        offset, token = waiting.pop()
        if waiting and (joined := _joined(cls, token, waiting[-1][1])):
            end, value = waiting.pop()
            message = f"`{token} {value}` is one token, without the blank"
            errors.append(TokenError(message, help=f"write `{joined}`", offset=offset, width=end + len(value) - offset))
            continue
        try:
            _read_token(cls, token, offset, given, offsets)
        except TokenError as error:
            errors.append(error)
            if not vocabulary(cls.kind).names:
                break  # the kind takes nothing: one error says it
    return errors


def _crossed(text: str) -> str:
    """Numbers between commas as notation has them, with `x`."""
    return "".join(["x" if letter in _COMMAS else letter for letter in text])


def _joined(cls: type[Layer], name: str, value: str) -> str:
    """`stride 4` as it is written, `s4`; empty where the first is no field's name or the second no number."""
    known = vocabulary(cls.kind)
    declared = known.names.get(name) or known.letters.get(name)
    if declared is None or name in known.words or value[0] not in "0123456789":
        return ""
    return f"{declared.letter or declared.name + '='}{value}"


def _read_token(
    cls: type[Layer], token: str, offset: int, given: dict[str, object], offsets: dict[str, tuple[int, int]]
) -> None:
    """Set one field in `given` from a token, or several; raises `TokenError`."""
    for field, content in _fields_of(cls, token, offset, given).items():
        if (
            isinstance(content, str)
            and not _COMMAS.isdisjoint(content)
            and not (field in cls.fields and cls.fields[field].type.commas)
        ):
            value: object = _without_commas(cls, field, content, offset, len(token))
        else:
            value = content
        if field in given:
            message = f"`{field}` is given twice"
            raise TokenError(message, help="keep one of the two", offset=offset, width=len(token))
        given[field] = value
        offsets[field] = (offset, len(token))


def _fields_of(cls: type[Layer], token: str, offset: int, given: Mapping[str, object]) -> Mapping[str, object]:
    """What a token sets; raises `TokenError`."""
    known = vocabulary(cls.kind)
    name, equals, value = token.partition("=")
    letter = _LETTER.match(token)
    if token in known.words:
        return dict([known.words[token]])
    if equals:
        if name == "in":
            return {"in": asserted(value, "in", offset, len(token))}
        if name in known.names or name in known.letters:
            return {(known.names.get(name) or known.letters[name]).name: value}
        return foreign(cls, name, value, offset, len(token))
    if letter and letter.group(1) in known.letters:
        return {known.letters[letter.group(1)].name: letter.group(2)}
    if token[0] in "0123456789+-.?:[" or "->" in token:
        free = [declared for declared in known.positional if declared.name not in given]
        return {free[0].name: token} if free else _further(cls, token, offset, given)
    if token.lower() in known.words and token.isupper():
        return dict([known.words[token.lower()]])
    return foreign(cls, token, "true", offset, len(token), bare=True)


def foreign(
    cls: type[Layer], name: str, value: object, offset: int = 0, width: int = 0, *, bare: bool = False
) -> Mapping[str, object]:
    """What an argument of another framework's layer sets, `bare` as a word alone; raises `TokenError`."""
    from cnncalc.notation.arguments import meant  # only a name that is none of ours pays for it

    try:
        fields = meant(cls.kind, name, value)
    except FieldError as fault:
        message = f"`{name}` of `{cls.kind}`: {fault.rule}"
        raise TokenError(message, name, field_help(cls, fault), offset, width, in_value=True) from None
    if fields is None:
        message = f"`{cls.kind}` {'does not know' if bare else 'has no field'} `{name[:60]}`"
        raise TokenError(message, name, field_suggestion(cls, name), offset, len(name))
    return fields


def _further(cls: type[Layer], token: str, offset: int, given: Mapping[str, object]) -> Mapping[str, object]:
    """What a bare number sets that no field takes; raises `TokenError` where that is nothing."""
    from cnncalc.notation.arguments import features_first, meant_by_number  # only a slip pays for it

    known = vocabulary(cls.kind)
    try:
        fields = meant_by_number(cls.kind, token)
    except FieldError as fault:
        message = f"`{token}` of `{cls.kind}`: {fault.rule}"
        raise TokenError(message, "", field_help(cls, fault), offset, len(token)) from None
    if fields is not None:
        return fields
    message = f"`{cls.kind}` takes no {'further ' if known.positional else ''}bare number"
    kernel = "k" in known.letters and known.letters["k"].name not in given
    help = f"a kernel is written `k{_crossed(token.replace(' ', '').strip('[]'))}`" if kernel else usage(cls)
    if kernel and (written := unslashed(token)):
        help = f"kernel, stride and padding are written `{written}`"
    if kernel and "out" in given and token.isdecimal():
        help += "; torch's `Conv2d 3 64 7` is `conv 64 k7`: the channels that come in are never written"
    raise TokenError(message, help=features_first(cls.kind, token) or help, offset=offset, width=len(token))


def _without_commas(cls: type[Layer], field: str, content: str, offset: int, width: int) -> str:
    """`1,0` as `1x0` where the field takes several numbers; raises `TokenError`, since a comma divides nothing else."""
    if field in cls.fields and isinstance(cls.fields[field].type, (PerAxis, Wholes)):
        joined = _crossed(content.replace(" ", "").strip("[]()"))
        try:
            cls.fields[field].read(joined)
        except FieldError:
            pass
        else:
            return joined
    help = "a layer's parts are divided by blanks alone, as in `conv 64 k3 s2`"
    raise TokenError(f"`{content[:40]}`: a comma does not belong here", field, help, offset, width)


def asserted(value: str, field: str = "", offset: int = 0, width: int = 0) -> int:
    """How many channels `in=` holds the input to; raises `TokenError`."""
    try:
        return whole(value, 1)
    except FieldError as error:
        help = error.help or "it is the number of channels that come in, as in `in=64`"
        raise TokenError(f"`in`: {error.rule}", field, help, offset, width, in_value=True) from None
