# Digitisation: a figure and its axis file -> curve, censor marks, numbers at risk.
# In:  data/raw/trials/<trial>/digitised/<outcome>/{axis.yaml, the figure that it names}
# Out: results/digitised/<trial>/<outcome>/


rule digitise:
    """Read the curves of a figure as its axis file says; refused where they are not sure."""
    input:
        figure=lambda wildcards: str(FIGURES[wildcards.trial, wildcards.outcome].figure),
        axis=lambda wildcards: str(FIGURES[wildcards.trial, wildcards.outcome].axis),
    output:
        expand("results/digitised/{{trial}}/{{outcome}}/{file}", file=DIGITISED),
    log:
        "logs/digitise/{trial}-{outcome}.log",
    benchmark:
        "logs/benchmarks/digitise/{trial}-{outcome}.tsv"
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        out=subpath(output[0], parent=True),
        code=code_digest("evinet.digitise.commands"),
    shell:
        "evinet digitise {input.figure:q} --axis {input.axis:q}"
        " --out {params.out:q} > {log:q} 2>&1"
