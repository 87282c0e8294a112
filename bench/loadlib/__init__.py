"""The parts of `bench/load.py`: whole-process load on relay beside its anchors (`design/performance.md`).

scenarios   the table of loads and goals
processes   start, pin, stop, wake and end process trees; their CPU time and resident set
native      the compiled provider and load generator
gateways    what stands between them: relay, the aiohttp passthrough, nginx
measure     one window of one gateway; capacity and memory, which need more than one
session     a whole run: everything up, rounds, everything down
figures     samples to ratios, medians and verdicts; pure
report      tables, markdown and JSON; the machine's description
"""
