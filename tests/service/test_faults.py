"""The program under faults: a receiver that is down, refuses or hangs, kill -9, impatient signals."""

from __future__ import annotations

import json
import random
import signal
import time

from tests.receiver import Habit, Reply, ThreadedReceiver
from tests.service.harness import ARMS, Workspace, article_keys, eventually


def test_what_was_raised_while_the_receiver_was_down_arrives_in_order(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    receiver.down()
    daemon = workspace.start().ready()
    wanted: dict[str, list[str]] = {"rocketsale": [], "gravesale": []}
    for number in range(6):
        word = "gravesale" if number % 2 else "rocketsale"
        wanted[word].append(workspace.article(f"a{number}", word))
    eventually(lambda: len(workspace.lines()) == 6, "the log, which does not wait for the webhook")
    receiver.up()
    eventually(lambda: len(receiver.accepted_ids()) >= 6, "all six", limit=60)
    assert daemon.stop() == 0
    keys = article_keys(receiver)
    assert [key for key in keys if key in wanted["rocketsale"]] == wanted["rocketsale"]
    assert [key for key in keys if key in wanted["gravesale"]] == wanted["gravesale"]
    ids = receiver.ids()
    assert len(set(ids)) == 6


def test_every_attempt_at_one_delivery_has_the_same_id(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    receiver.script += [Reply(429, headers={"retry-after": "1"}), Reply(habit=Habit.RESET), Reply(200)]
    workspace.article("first")
    daemon = workspace.start().ready()
    eventually(lambda: len(receiver.requests) >= 3, "three attempts", limit=90)
    assert daemon.stop() == 0
    assert len(set(receiver.ids())) == 1
    assert len({request.body for request in receiver.requests}) == 1


def test_fault_01_killed_again_and_again_nothing_is_lost_and_no_alert_is_raised_twice(
    workspace: Workspace, receiver: ThreadedReceiver
) -> None:
    chance = random.Random(20250501)
    wanted: list[str] = []
    kills = 5
    for kill in range(kills):
        daemon = workspace.start().ready()
        end = time.monotonic() + chance.uniform(0.3, 0.9)
        while time.monotonic() < end:
            wanted.append(workspace.article(f"k{kill}-{len(wanted)}", chance.choice(["rocketsale", "gravesale"])))
            time.sleep(0.02)
        daemon.kill()
    daemon = workspace.start().ready()
    eventually(lambda: set(article_keys(receiver)) >= set(wanted) and len(workspace.lines()) >= len(wanted), "every alert")
    assert daemon.stop() == 0
    lines = workspace.lines()
    ids = {request.headers["webhook-id"] for request in receiver.requests}
    duplicated = len(receiver.requests) - len(ids)
    print(f"kills {kills}, wanted {len(wanted)}, lost {len(set(wanted) - set(article_keys(receiver)))}, duplicated {duplicated}")
    # One id for each alert, however often it was sent; the log holds each alert exactly once.
    assert len(ids) == len(wanted)
    assert sorted(line["data"]["article"]["key"] for line in lines) == sorted(wanted)
    # One claim of each of two lanes may be in flight at a kill.
    assert duplicated <= 2 * kills


def test_fault_03_sigterm_with_a_hanging_receiver_ends_within_the_grace_time(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    receiver.default = Reply(habit=Habit.HANG)
    workspace.article("first")
    daemon = workspace.start().ready()
    eventually(lambda: receiver.requests, "the attempt")
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < 13
    shown = json.loads(workspace.run("alerts", "list", "--json").stdout)
    assert shown["deliveries"] == {"delivered": 1, "pending": 1}


def test_fault_04_a_second_signal_ends_it_at_once(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    receiver.default = Reply(habit=Habit.HANG)
    workspace.article("first")
    daemon = workspace.start().ready()
    eventually(lambda: receiver.requests, "the attempt")
    daemon.signal(signal.SIGINT)
    eventually(lambda: daemon.logged("stopping"), "the first signal to be taken")
    began = time.monotonic()
    daemon.signal(signal.SIGTERM)
    assert daemon.process.wait(10) == 128 + signal.SIGTERM
    assert time.monotonic() - began < 2
    # Nothing is lost by it.
    receiver.default = Reply(200)
    again = workspace.start().ready()
    eventually(receiver.accepted_ids, "the delivery")
    assert again.stop() == 0
    assert len(set(receiver.ids())) == 1


def test_fault_03_what_is_being_sent_at_sigterm_is_recorded_and_not_sent_again(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    receiver.default = Reply(delay=0.7)
    for number in range(4):
        workspace.article(f"a{number}", "gravesale" if number % 2 else "rocketsale")
    daemon = workspace.start().ready()
    eventually(lambda: len(receiver.requests) == 2, "an attempt in each lane")
    assert daemon.stop() == 0
    (stopped,) = daemon.logged("stopped")
    print(f"drained in {stopped['drain_seconds']} s")
    assert len(receiver.requests) == 2  # what was claimed with them was not begun
    shown = [json.loads(line)["deliveries"] for line in workspace.run("alerts", "list", "--json").stdout.splitlines()]
    assert sorted(shown, key=str) == [{"delivered": 1, "pending": 1}] * 2 + [{"delivered": 2}] * 2
    receiver.default = Reply()
    again = workspace.start().ready()
    eventually(lambda: len(receiver.requests) == 4, "the other two")
    assert again.stop() == 0
    assert len(set(receiver.ids())) == 4


def test_fault_04_sighup_reloads_under_load(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    """A list that comes with SIGHUP is in force for what comes after it, and nothing that was under way suffers."""
    daemon = workspace.start().ready()
    wanted = []
    for number in range(40):
        wanted.append(workspace.article(f"a{number}", "gravesale" if number % 2 else "rocketsale"))
        if number == 15:
            (workspace.lists / "new.yaml").write_text(ARMS.replace("arms", "new").replace("Arms", "New").replace("rocketsale", "newsale"))
        if number % 5 == 0:
            daemon.signal(signal.SIGHUP)
        time.sleep(0.02)
    eventually(lambda: daemon.health()[1]["watchlists"] == 3, "the new list")
    wanted.append(workspace.article("new", "newsale"))
    eventually(lambda: len(receiver.accepted_ids()) >= len(wanted), "every alert")
    assert daemon.stop() == 0
    assert sorted(article_keys(receiver)) == sorted(wanted)


def test_fault_12_a_second_daemon_again_and_again_sends_nothing(workspace: Workspace, receiver: ThreadedReceiver) -> None:
    daemon = workspace.start().ready()
    wanted, ends = [], []
    for number in range(4):
        wanted += [workspace.article(f"a{number}-{n}") for n in range(5)]
        ends.append(workspace.run("run", "--config", str(workspace.config)).returncode)
    eventually(lambda: len(receiver.accepted_ids()) >= len(wanted), "every alert")
    assert daemon.stop() == 0
    assert ends == [4] * 4
    assert sorted(article_keys(receiver)) == sorted(wanted)
    assert len(workspace.lines()) == len(wanted)
