"""The benchmark of the LAMMPS lab: tasks in open files, answers recomputed from raw output, arms compared."""
