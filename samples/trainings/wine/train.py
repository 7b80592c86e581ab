"""Trains a random forest on a CSV file whose last column is the label: five folds, out of fold."""

import argparse
import csv
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import cross_val_predict

parser = argparse.ArgumentParser()
parser.add_argument("data", type=Path)
parser.add_argument("results", type=Path)
parser.add_argument("--trees", type=int, default=50)
parser.add_argument("--depth", type=int, default=3)
asked = parser.parse_args()

with asked.data.open(newline="") as file:
    _, *rows = csv.reader(file)
features = np.array([row[:-1] for row in rows], dtype=float)
labels = np.array([row[-1] for row in rows])
if len(set(labels)) < 2:
    sys.exit(3)

forest = RandomForestClassifier(n_estimators=asked.trees, max_depth=asked.depth, random_state=0)
shares = cross_val_predict(forest, features, labels, cv=5, method="predict_proba")
named = np.unique(labels)
metrics = {
    "accuracy": accuracy_score(labels, named[shares.argmax(axis=1)]),
    "log_loss": log_loss(labels, shares),
    "rows": len(labels),
}
(asked.results / "metrics.json").write_text(json.dumps(metrics))
print(f"{asked.trees} trees of depth {asked.depth}: {metrics}")
