"""How commands end: the one place where errors become messages and exit codes. Knows no command.

Expected errors end as `Error: …` with exit code 1, wrong usage with 2, Ctrl-C with 130.
"""

from __future__ import annotations

from typing import Any

import click

from mendline.review.visible import visible
from mendline.transcripts.errors import MendlineError

INTERRUPTED = 130
TRAINING_LIBRARIES = frozenset(
    {"accelerate", "datasets", "onnx", "safetensors", "scipy", "sklearn", "torch", "transformers"}
)


class Commands(click.Group):
    """The one place where expected errors and Ctrl-C become messages and exit codes."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  (as click has it)
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except MendlineError as error:
            raise click.ClickException(visible(str(error))) from error
        except ModuleNotFoundError as error:
            if error.name not in TRAINING_LIBRARIES:
                raise
            raise click.ClickException(
                f"this command needs {error.name}, which comes with: pip install 'mendline[train]'"
            ) from error
        except KeyboardInterrupt:
            click.echo("\nStopped. Every file that was written is whole.", err=True)
            ctx.exit(INTERRUPTED)
