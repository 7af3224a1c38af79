"""Writes the samples of WAV files to standard output, one after the other: ``samples.py FILE...``."""

import sys
import wave

for name in sys.argv[1:]:
    with wave.open(name, "rb") as file:
        sys.stdout.buffer.write(file.readframes(file.getnframes()))
