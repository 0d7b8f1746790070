import subprocess
import sys

SCRIPT = """
import sys
from evinet.nma import arviz_stats
stats = arviz_stats.load()
import nutpie
print([name for name in ("matplotlib", "arviz.plots", "pymc") if name in sys.modules])
import arviz
print(stats is arviz.stats, arviz.utils.plt.figure.__module__, arviz.plot_forest.__name__)
print({"ess", "plot_trace", "from_dict", "rcParams"} <= set(dir(arviz)))
"""


def test_statistics_and_nutpie_load_no_figures_and_arviz_is_whole_afterwards():
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines() == ["[]", "True matplotlib.pyplot plot_forest", "True"]
