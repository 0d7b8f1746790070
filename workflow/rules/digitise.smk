# Digitisation: a figure and its axis file -> curve, censor marks, numbers at risk.
# In:  data/raw/trials/<trial>/digitised/<outcome>/{axis.yaml, the figure that it names}
# Out: results/digitised/<trial>/<outcome>/


rule digitise:
    """Read the curves of a figure as its axis file says; refused where they are not sure."""
    input:
        figure=lambda wildcards: str(FIGURES[wildcards.trial, wildcards.outcome].figure),
        axis=lambda wildcards: str(FIGURES[wildcards.trial, wildcards.outcome].axis),
    output:
        multiext(
            "results/digitised/{trial}/{outcome}/",
            "axis.yaml",
            "curve.csv",
            "marks.csv",
            "at-risk.csv",
            "digitisation.json",
            "figure.png",
            "overlay.png",
            "overlay.html",
            "editor.html",
        ),
    log:
        "logs/digitise/{trial}-{outcome}.log",
    benchmark:
        "benchmarks/digitise/{trial}-{outcome}.tsv"
    conda:
        "../../environment.yml"
    params:
        code=code_digest("evinet.digitise.commands"),
    shell:
        "evinet digitise {input.figure:q} --axis {input.axis:q}"
        " --out results/digitised/{wildcards.trial}/{wildcards.outcome} > {log:q} 2>&1"
