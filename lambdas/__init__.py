"""The functions. A cold start keeps what it makes, and to look for garbage in it all the while, as Python
does by default, would take a tenth of its time.
"""

import gc

gc.set_threshold(100_000)
