"""Groups that import a command only when it runs."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import cast

import click
from click.shell_completion import CompletionItem

from .commands import children


class LazyGroup(click.Group):
    """A group whose commands stand in :data:`egov_sign_cli.commands.COMMANDS`.

    Args:
        path: its own path in the table; empty for the top level.
    """

    def __init__(self, path: str = "", **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self.path = path

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(children(self.path))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command ``cmd_name``; ``None`` if there is none."""
        entry = children(self.path).get(cmd_name)
        if entry is None:
            return None
        if not entry.place:
            return LazyGroup(f"{self.path} {cmd_name}".strip(), name=cmd_name, help=entry.help)
        module, _, name = entry.place.partition(":")
        return cast("click.Command", getattr(import_module(f"{__package__}.{module}"), name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command to run; a mistyped name is answered with the near one."""
        name = args[0]
        if not name.startswith("-") and name not in children(self.path):
            near = difflib.get_close_matches(name, children(self.path), n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"No such command '{name}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table alone."""
        rows = [(name, entry.help) for name, entry in children(self.path).items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete command names from the table alone, and options as click does."""
        names = [
            CompletionItem(name, help=entry.help)
            for name, entry in children(self.path).items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)
