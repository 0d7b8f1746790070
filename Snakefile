# From published trials to a network meta-analysis report: `snakemake --cores all`.
# Stages, in order: digitise -> extract -> reconstruct -> synthesise -> report -> reproduce.
# results/digitised/<trial>/<outcome>/      curves of figures, for the trials that have any
# results/evidence/<table>.csv              what was published, tidy
# results/ipd/<trial>/<outcome>/            reconstructed patients and their quality
# results/networks/<analysis>/              who was compared with whom
# results/fits/<analysis>/<model>/          posteriors and what follows from them
# results/populations/<analysis>/           survival predicted in named populations
# results/figures/, results/report/         what people read
# results/manifest.json                     content hashes of all of the above
from snakemake.utils import min_version

min_version("9.25")


include: "workflow/rules/common.smk"


# On a cluster these are done where Snakemake runs: they take a second, a submission takes many.
localrules:
    all,
    extract_trial,
    vocabulary,
    watched,
    gather_evidence,
    network,


include: "workflow/rules/digitise.smk"
include: "workflow/rules/extract.smk"
include: "workflow/rules/reconstruct.smk"
include: "workflow/rules/synthesise.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/reproduce.smk"


rule all:
    """Every result by its name, so that one that was removed is made again."""
    default_target: True
    input:
        BY_TRIAL,
        RESULTS,
        rules.exhibits.output,
        rules.report.output,
        rules.manifest.output,
        rules.manifest_report.output,


onstart:
    # The configuration as it is run, command-line overrides included. It is no rule's input: rules
    # take the sections that they depend on as parameters, so a new title refits nothing. Analyses
    # and models keep the order in which the review names them.
    files.write_json(CONFIG_FILE, SECTIONS, sort_keys=False)


onsuccess:
    if Path("results/report/index.html").exists():
        print(f"\nThe report: {Path('results/report/index.html').resolve()}")
