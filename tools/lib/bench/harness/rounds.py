"""Rounds: everybody in turn, again and again, and what to make of the figures.

A machine gets warmer, and its neighbours come and go. Who is measured in turn meets the same weather, so ratios hold where
absolute figures do not.
"""

import statistics


class Series:
    """The values of one figure, one a round."""

    def __init__(self, values):
        self.values = [float(value) for value in values]

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def low(self):
        return min(self.values)

    @property
    def high(self):
        return max(self.values)

    def __truediv__(self, other):
        """A Ratio: of the medians, with the spread of the rounds taken one by one."""
        return Ratio(self, other)


class Ratio:
    def __init__(self, above, below):
        self.median = above.median / below.median
        each = [a / b for a, b in zip(above.values, below.values)]
        self.low, self.high = min(each), max(each)


def percentile(values, percent):
    """The smallest value that `percent` of all are not above; the values need no order."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]


def in_turn(subjects, once, rounds, warm_up=True):
    """{subject: {metric: Series}}. `subjects`: {name: anything}; `once(it)`: {metric: value}, called for each in each round.

    The round that warms up is not counted. Every other round goes backwards, so that nobody always follows the same neighbour.
    """
    names = list(subjects)
    taken = {name: {} for name in names}
    if warm_up:
        for name in names:
            once(subjects[name])
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            for metric, value in once(subjects[name]).items():
                taken[name].setdefault(metric, []).append(value)
    return {name: {metric: Series(values) for metric, values in metrics.items()} for name, metrics in taken.items()}
