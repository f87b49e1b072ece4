"""An alert whose article took back what was told of it: what a person closes then shows it as withdrawn, and the list marks it."""

from __future__ import annotations

from pathlib import Path

from monitor.cli.alerts import _line
from monitor.flow.alert_commands import AlertCommands
from monitor.flow.commands import Commander
from monitor.flow.turn import Turn
from monitor.model import Command, JsonObject
from monitor.render.message import of
from monitor.render.said import how
from monitor.render.terminal import alert_text
from tests.fakes import FakeMeter
from tests.flow.test_stories import VALID, House, item, live
from tests.story.articles import RADARS

WITHDRAWN = RADARS.replace("stations", "posters").replace("Ukraine signs deal", "Correction: Ukraine prints posters")


def test_the_closing_of_a_corrected_alert_shows_what_is_withdrawn_as_withdrawn(tmp_path: Path) -> None:
    async def work(house: House) -> None:
        async def nothing(command: Command) -> JsonObject:
            return {}

        async def told(name: str, **arguments: str) -> JsonObject:
            await commander.perform(Command(f"alerts.{name}", {"ids": [alert], **arguments}, "cli:alice"))
            page = await house.store.alert(alert)
            assert page is not None
            document: JsonObject = page["notifications"][-1]["document"]
            VALID.validate(document)
            return document

        commands = AlertCommands(
            house.store,
            Turn(),
            clock=house.clock,
            meter=FakeMeter(),
            wake=lambda: None,
            merge=nothing,
            asked=lambda ways, kind: tuple(ways),
        )
        commander = Commander(commands)
        await house.poll("one", item("a", RADARS))
        [listed] = await house.store.alerts(watchlist="arms")
        alert = listed["id"]
        assert listed["corrected"] is False
        await house.poll("one", item("a", WITHDRAWN))
        [listed] = await house.store.alerts(watchlist="arms")
        assert listed["corrected"] is True
        assert "  open, corrected  arms\n" in _line(listed)
        for name, arguments in (("close", {"disposition": "false"}), ("reopen", {}), ("close", {"disposition": "true"})):
            document = await told(name, **arguments)
            message = of(document)
            assert message.title.startswith("Correction: Ukraine prints posters")
            assert message.passages
            assert all(how(passage).startswith("WITHDRAWN · ") for passage in message.passages)
            assert "withdrawn: its article does not say any more what stands below" in message.news
            shown = alert_text(document, color=False, width=80)
            assert "withdrawn, reported" in shown
            [listed] = await house.store.alerts(watchlist="arms")
            assert listed["corrected"] is True, "what a person does to it takes no correction back"
        await house.poll("one", item("a", RADARS))
        [listed] = await house.store.alerts(watchlist="arms")
        assert listed["corrected"] is False, "now it says so again"
        assert "correction" not in house.told[-1]["data"]

    live(tmp_path, work)
