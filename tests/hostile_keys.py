"""Keys that S3 takes and that break what decodes, splits, quotes or formats them."""

DATASET_KEYS = [
    "datasets/c++ (v1)+50%25 & more.csv",
    "datasets/100%20sure%+plus%2B.csv",
    "datasets/ünïcödé–数据.csv",
    "datasets/rocket 🚀👩\u200d🔬.csv",
    "datasets/$(touch pwned);`id`'\"<b>|&.csv",
    "datasets/<!channel> &amp; *bold*.csv",
    "datasets/--variables.csv",
    "datasets/a//b///c.csv",
    'datasets/line\nbreak\r\n{"level":"INFO","message":"forged"}.csv',
    "datasets/tab\tbell\x07escape\x1b[31mred\x7f\u202etxt.csv",
    "datasets/" + "ü" * 505 + "x.csv",
]
"""The last one has 1,024 bytes in UTF-8, as many as S3 takes."""
