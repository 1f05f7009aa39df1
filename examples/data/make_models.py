#!/usr/bin/env python3
"""Trains the classifiers that examples/sklearn_predict reads, and dumps them beside this script.

Made with scikit-learn 1.2.1, numpy 1.24.2 and joblib 1.2.0 of Debian bookworm (python3-sklearn). The
held-out samples are every 18th row of digits.csv.gz; their probabilities, as Python computes them, are
dumped as well.
"""
import pathlib

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

FOLDER = pathlib.Path(__file__).resolve().parent

rows = np.loadtxt(FOLDER / "digits.csv.gz", delimiter=",")
pixels, digits = rows[:, :-1], rows[:, -1].astype(int)
held_out = list(range(0, len(rows), 18))

classifiers = {
    "logistic_regression": LogisticRegression(C=0.001, max_iter=1000),
    "random_forest": RandomForestClassifier(n_estimators=12, max_depth=6, random_state=0),
}
expected = {"samples": held_out}
for name, classifier in classifiers.items():
    classifier.fit(np.delete(pixels, held_out, axis=0), np.delete(digits, held_out))
    joblib.dump(classifier, FOLDER / f"{name}.pkl.gz", compress=9)
    expected[name] = classifier.predict_proba(pixels[held_out])
    print(name, classifier.score(pixels[held_out], digits[held_out]))
joblib.dump(expected, FOLDER / "probabilities.pkl.gz", compress=9)
