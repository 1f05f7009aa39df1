"""What script/benchmark reads from benchmarks/<problem>/problem.py is made of this."""


class Quantity:
    """A reported value: what it is, how it's written, and whether more of it is better."""

    def __init__(self, title, form, scale=1, more_is_better=False):
        self.title, self.form, self.scale = title, form, scale
        self.more_is_better = more_is_better

    def text(self, value):
        return self.form.format(value * self.scale)

    def best(self, values, **options):
        return (max if self.more_is_better else min)(values, **options)

    def worst(self, values, **options):
        return (min if self.more_is_better else max)(values, **options)
