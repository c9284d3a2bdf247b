"""A catalogue to look at: invented plugins, and a past that the real engine made of them.

Nothing of it is needed to run ZANTARA; `seed_demo` makes it and `seed_demo --clear` takes it away.
"""
