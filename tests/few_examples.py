"""For properties that take long to try: half as many examples as the hypothesis profile asks for."""

from hypothesis import settings

few = settings(max_examples=settings().max_examples // 2)
