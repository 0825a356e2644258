"""The parts of tools/bench: each module beside this one is a part, its first line says what it measures."""
