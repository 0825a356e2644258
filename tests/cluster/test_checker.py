"""The checker: a sound history has no violation, and each kind of wrong has one."""

import unittest

from tests.cluster.checker import check
from tests.cluster.figures import Figures
from tests.cluster.history import Delay, Event, Fault, History, Index, Op, Probe, Recorder, Run, Serial, Stream, load
from tests.support.case import Case

X, SERVICE = "s1/i1", "s1"
TTL = 3.0


def op(kind, at, status, node="n1", index=0, ttl=TTL, took=0.01, x=X):
    return Op(x, kind, node, at, at + took, status, ttl, index)


def put(at, index, status=201, **options):
    return op("put", at, status, index=index, **options)


def beat(at, index, status=200, **options):
    return op("beat", at, status, index=index, **options)


def told(at, id, event, nodes=("n1", "n2"), x=X, cause=""):
    return [Event(node, at + delay, id, event, x, cause, int(id.split(".")[0])) for delay, node in zip((0, 0.01), nodes)]


def shown(node, *turns, end, ids=(X,), every=0.1):
    """`turns`: (from when, whether it is there). Asked every tenth of a second; the first answer is at the turn."""
    runs = []
    for (begin, is_there), until in zip(turns, [*(turn[0] for turn in turns[1:]), end]):
        last = until - every
        runs.append(Run(node, SERVICE, ids if is_there else (), 0, begin, begin + 0.01, last, last + 0.01, 2, 0.0, -1, every + 0.01))
    return runs


def shown_by_both(*turns, end):
    return [*shown("n1", *turns, end=end), *shown("n2", *turns, end=end)]


def sound():
    """Registered at 10, renewed at 11 and 12, ended at 15, all of it told and shown by two nodes."""
    return History().add(
        put(10, 5), beat(11, 5), beat(12, 5), Probe(X, "n1", 10.02, 10.03, True),
        *told(10.0, "5.0", "registered"), *told(15.1, "6.0", "expired"),
        *shown_by_both((8, False), (10.1, True), (15.2, False), end=20),
        Serial("n1", 9, 9.01, 1), Serial("n1", 19, 19.01, 3, True), Serial("n2", 19, 19.01, 3, True),
        Index("n1", 9, 9.01, 4), Index("n1", 19, 19.01, 6, True), Index("n2", 19, 19.01, 6, True))


class CheckerTest(unittest.TestCase):
    def rules(self, history):
        return sorted({violation.rule for violation in check(history.sort())})

    def assert_found(self, rule, history):
        self.assertEqual([rule], self.rules(history))

    def test_a_sound_history_has_no_violation(self):
        self.assertEqual([], check(sound().sort()))

    # --- early ---

    def test_an_end_within_the_ttl_of_a_200_is_early(self):
        history = sound()
        history.events = [*told(10.0, "5.0", "registered"), *told(14.9, "6.0", "expired")]
        self.assert_found("early", history)

    def test_a_200_that_is_sent_before_the_end_and_counted_for_a_later_registration_is_no_early_end(self):
        history = sound().add(put(15.12, 7, took=0.1), *told(15.2, "7.0", "registered"), *told(18.3, "8.0", "expired"))
        history.runs = shown_by_both((8, False), (10.1, True), (15.1, False), (15.2, True), (18.3, False), end=20)
        self.assertEqual([], check(history.sort()))

    def test_a_404_within_the_lease_is_early(self):
        self.assert_found("early", sound().add(beat(12.5, 0, 404)))

    def test_a_201_within_the_lease_is_early(self):
        history = sound().add(put(14, 7), *told(14.0, "7.0", "registered"))
        history.events = [event for event in history.events if event.event != "expired"]
        history.runs = shown_by_both((8, False), (10.1, True), end=15.5)
        self.assert_found("early", history)

    def test_after_a_deregistration_whose_outcome_nobody_knows_a_404_is_no_early_end(self):
        history = sound().add(op("del", 12.2, 0), beat(12.5, 0, 404))
        self.assertEqual([], check(history.sort()))

    def test_a_lease_that_is_made_shorter_ends_by_the_shorter_one(self):
        history = sound().add(put(12.1, 5, status=503, ttl=1.0))
        history.events = [*told(10.0, "5.0", "registered"), *told(13.2, "6.0", "expired")]
        history.runs = shown_by_both((8, False), (10.1, True), (13.3, False), end=20)
        self.assertEqual([], check(history.sort()))

    def test_of_two_clients_of_one_id_the_one_that_was_asked_first_may_be_answered_last(self):
        history = sound().add(put(9.9, 5, status=200, took=0.3))
        self.assertEqual([], check(history.sort()))

    def test_a_deregistration_that_nobody_asked_for_is_early(self):
        history = sound()
        history.events = [*told(10.0, "5.0", "registered"), *told(15.1, "6.0", "deregistered")]
        self.assert_found("early", history)

    def test_leaving_the_dns_without_an_event_is_early(self):
        history = sound()
        history.events = told(10.0, "5.0", "registered")
        self.assert_found("early", history)

    # --- visible ---

    def test_a_node_that_does_not_answer_with_what_it_has_acknowledged_is_found(self):
        self.assert_found("visible", sound().add(Probe(X, "n1", 11.02, 11.03, False)))

    def test_what_the_node_cannot_say_or_another_node_says_is_no_violation(self):
        history = sound().add(Probe(X, "n1", 11.02, 11.03, None), Probe(X, "n2", 12.02, 12.03, False))
        self.assertEqual([], check(history.sort()))

    def test_a_node_that_still_answers_with_what_it_has_deregistered_is_found(self):
        history = sound().add(op("del", 13, 204), Probe(X, "n1", 13.02, 13.03, True))
        history.events = [*told(10.0, "5.0", "registered"), *told(13.0, "6.0", "deregistered")]
        history.runs = shown_by_both((8, False), (10.1, True), (13.1, False), end=20)
        self.assert_found("visible", history)

    def test_another_node_that_lags_in_calm_is_found_and_in_a_fault_is_not(self):
        history = sound().add(*(beat(at, 5) for at in range(13, 21)))
        history.events = [*told(10.0, "5.0", "registered"), *told(23.1, "6.0", "expired")]
        history.runs = [*shown("n1", (8, False), (10.1, True), (23.2, False), end=25),
                        *shown("n2", (8, False), (14, True), (23.2, False), end=25)]
        self.assert_found("elsewhere", history)
        self.assertEqual([], check(history.add(Fault("SIGSTOP", ("n2",), 9.5, 13.5)).sort()))

    # --- lingers ---

    def test_a_node_that_answers_with_the_dead_is_found(self):
        history = sound()
        history.runs = [*shown("n1", (8, False), (10.1, True), (15.2, False), end=30),
                        *shown("n2", (8, False), (10.1, True), (19, False), end=30)]
        self.assert_found("lingers", history)

    # --- a slow machine ---

    @staticmethod
    def lagging(seconds):
        """n1 acknowledges at 10, n2 answers with it `seconds` later."""
        history = sound()
        history.runs = [*shown("n1", (8, False), (10.1, True), (15.2, False), end=20),
                        *shown("n2", (8, False), (10 + seconds, True), (15.2, False), end=20)]
        return history

    def test_what_the_machine_is_late_is_added_to_the_bounds_of_time_ten_times(self):
        self.assert_found("elsewhere", self.lagging(2.4))
        self.assertEqual([], check(self.lagging(2.4).add(Delay(10, 11, 0.05)).sort()))
        self.assert_found("elsewhere", self.lagging(2.4).add(Delay(10, 11, 0.02)))
        self.assert_found("elsewhere", self.lagging(2.4).add(Delay(30, 31, 0.2)))

    def test_a_second_in_which_the_machine_is_very_late_counts_as_a_fault(self):
        history = sound().add(Run("n1", SERVICE, (), 0, 20, 20.01, 20, 20.01, ede=3))
        self.assert_found("answer", history)
        self.assertEqual([], check(history.add(Delay(18, 19, 0.3)).sort()))

    def test_no_machine_is_so_slow_that_an_instance_may_end_early_be_lost_or_return(self):
        slow = [Delay(at, at + 1, 5.0) for at in range(5, 40)]
        early = sound().add(*slow)
        early.events = [*told(10.0, "5.0", "registered"), *told(14.9, "6.0", "expired")]
        self.assert_found("early", early)
        self.assert_found("lost", sound().add(put(11, 99, x="s1/i2"), *told(16, "100.0", "registered", x="s1/i3"), *slow))
        back = sound().add(*told(17, "9.0", "registered"), *slow)
        self.assertIn("returns", self.rules(back))

    def test_after_a_fault_the_dead_have_two_sessions_and_a_lease(self):
        history = sound().add(Fault("kill -9", ("n2",), 14, 16, True))
        history.events = [*told(10.0, "5.0", "registered"), *told(33.1, "6.0", "expired")]
        history.runs = shown_by_both((8, False), (10.1, True), (33.2, False), end=60)
        self.assertEqual([], check(history.sort()))
        history.runs = shown_by_both((8, False), (10.1, True), (45, False), end=60)
        self.assert_found("lingers", history)

    def test_a_deregistered_instance_that_another_node_answers_with_is_found(self):
        history = sound().add(op("del", 13, 204))
        history.events = [*told(10.0, "5.0", "registered"), *told(13.0, "6.0", "deregistered")]
        history.runs = [*shown("n1", (8, False), (10.1, True), (13.1, False), end=20),
                        *shown("n2", (8, False), (10.1, True), (16, False), end=20)]
        self.assert_found("lingers", history)

    # --- lost and returned ---

    def test_an_acknowledged_registration_that_no_stream_tells_of_is_lost(self):
        history = sound()
        history.events = [*told(10.0, "4.0", "registered", x="s1/i2"), *told(15.1, "6.0", "expired")]
        self.assert_found("lost", history)

    def test_an_acknowledged_deregistration_that_no_stream_tells_of_is_lost(self):
        history = sound().add(op("del", 13, 204))
        history.events = [*told(10.0, "5.0", "registered"), *told(70, "9.0", "registered", x="s1/i2")]
        history.runs = []
        self.assertIn("lost", self.rules(history))

    def test_a_node_that_leaves_out_what_the_others_tell_is_found_unless_it_said_so(self):
        history = sound().add(*told(11, "5.1", "registered", nodes=("n1",), x="s1/i2"), put(11, 5, x="s1/i2"))
        history.runs = []
        self.assert_found("lost", history)
        self.assertEqual([], check(history.add(Stream("n2", 11, "gap"), Fault("compaction", ("n2",), 10.9, 11, True)).sort()))

    def test_what_one_node_has_found_by_reading_everything_the_others_need_not_tell(self):
        history = sound().add(*told(15.5, "7.524289", "updated", ("n1",)), *told(15.5, "7.524289", "registered", ("n3",), x="s1/i2"),
                              *told(16, "8.0", "registered", x="s1/i3"), put(15.9, 8, x="s1/i3"), put(15.4, 7, x="s1/i2"))
        self.assertNotIn("order", self.rules(history))
        self.assertNotIn("lost", self.rules(history))

    def test_a_stream_with_a_gap_in_calm_is_found(self):
        self.assert_found("lost", sound().add(Stream("n2", 11, "gap")))

    def test_what_comes_back_without_being_asked_for_is_found(self):
        history = sound().add(*told(40, "9.0", "registered"), *told(44, "10.0", "expired"))
        history.runs = []
        self.assert_found("returns", history)

    def test_a_request_that_nobody_answered_may_be_carried_out_late(self):
        history = sound().add(put(15.5, 0, status=0, node="n2"), *told(40, "9.0", "registered"), *told(44, "10.0", "expired"))
        history.runs = []
        self.assertEqual([], check(history.sort()))

    def test_a_deregistered_instance_that_a_node_answers_with_again_is_found(self):
        history = sound().add(op("del", 13, 204))
        history.events = [*told(10.0, "5.0", "registered"), *told(13.0, "6.0", "deregistered")]
        history.runs = [*shown("n1", (8, False), (10.1, True), (13.1, False), end=20),
                        *shown("n2", (8, False), (10.1, True), (13.1, False), (14, True), (14.5, False), end=20)]
        self.assert_found("returns", history)

    # --- order ---

    def test_events_that_go_backwards_or_differ_are_found(self):
        self.assert_found("order", sound().add(Event("n1", 16, "5.0", "registered", X, "", 5)))
        history = sound()
        history.events[-1].cause = "deregistered"
        self.assert_found("order", history)

    def test_serials_and_indexes_that_go_backwards_are_found_but_for_a_restart(self):
        self.assert_found("order", sound().add(Index("n1", 12, 12.01, 3)))
        self.assert_found("order", sound().add(Serial("n1", 12, 12.01, (1 << 32) - 1)))
        history = sound().add(Index("n1", 12, 12.01, 3), Fault("kill -9", ("n1",), 11, 13, True))
        self.assertEqual([], check(history.sort()))

    def test_nodes_that_differ_at_the_end_are_found(self):
        history = sound()
        history.serials[-1].serial = 4
        self.assert_found("order", history)

    # --- the rest ---

    def test_a_ttl_beyond_the_lease_is_found(self):
        history = sound()
        run = history.runs[1]
        run.cached_until = 15.9  # a second more while its end is made
        self.assertEqual([], check(history.sort()))
        run.cached_until = 17.0
        self.assert_found("cached", history)

    def test_an_answer_that_no_client_should_see_is_found(self):
        self.assert_found("answer", sound().add(beat(12.5, 5, 500)))
        self.assert_found("answer", sound().add(op("put", 12.5, 404)))

    def test_a_stale_answer_or_none_in_calm_is_found(self):
        for rcode, ede, count in ((0, 3, 1), (2, 14, 1), (-1, -1, 4)):
            history = sound().add(Run("n1", "s2", (), rcode, 12, 12.01, 13, 13.01, count, 0.0, ede))
            self.assert_found("answer", history)
            self.assertEqual([], check(history.add(Fault("kill -9", ("n1",), 11, 12, True)).sort()))

    def test_figures_count_failovers_refusals_and_lateness(self):
        history = sound().add(beat(12.3, 0, 503), beat(12.5, 0, -1, node="n2"), beat(12.7, 5, node="n3"))
        history.events = [*told(10.0, "5.0", "registered"), *told(15.91, "6.0", "expired")]
        figures = Figures(history.sort(), [])
        self.assertEqual((1, X), (figures.failovers, figures.longest_refused))
        self.assertAlmostEqual(0.41, figures.longest_refusal)
        self.assertAlmostEqual(0.21, figures.late_in_calm[0])
        self.assertIn("early ends: 0", "\n".join(figures.lines()))


class FileTest(Case):
    def test_a_history_is_read_as_it_was_written_and_a_torn_line_is_left_out(self):
        history = sound().add(Fault("kill -9", ("n1",), 1, 2, True), Stream("n1", 3, "open")).sort()
        path = self.directory / "history"
        recorder = Recorder(path)
        for values in vars(history).values():
            for value in values:
                recorder.add(value)
        recorder.close()
        with open(path, "a") as file:
            file.write('{"k":"op","x":"s1')
        self.assertEqual(history, load(path))
