# What `snakemake` finds in this folder; the workflow itself is in workflow/.
include: "workflow/Snakefile"


# A file that is included does not say what is made if nothing is asked for.
workflow.default_target = "all"
