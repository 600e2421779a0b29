"""`cnncalc schema`."""

from __future__ import annotations

from cnncalc.cli.options import file_option
from cnncalc.cli.output import emit
from cnncalc.cli.program.declared import called


@called(
    "schema",
    file_option,
)
def command(file: str | None) -> None:
    """Print the JSON Schema of the language, for editors.

    An editor with a YAML language server completes and checks a file that says in its first line:

    \b
    # yaml-language-server: $schema=cnncalc.schema.json
    """
    import json

    from cnncalc.language.schema import json_schema

    emit(json.dumps(json_schema(), indent=2) + "\n", file)
