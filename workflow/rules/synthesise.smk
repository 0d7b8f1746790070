# Synthesis: the network of an analysis, and every model fitted to it, a job each.
# In:  results/evidence/trials/<trial>/*.csv, results/evidence/treatments.csv, results/ipd/
# Out: results/networks/<analysis>/*.csv, results/fits/<analysis>/<model>/*,
#      results/populations/<analysis>/*.csv, results/modifiers/<analysis>/*.csv,
#      results/hazards/<trial>/<outcome>/*.csv


rule network:
    """Choose what each trial brings to an analysis, and find the islands."""
    input:
        lambda wildcards: expand(
            "results/evidence/trials/{trial}/{table}.csv",
            trial=CONFIG.analyses[wildcards.analysis].trials,
            table=[
                "trials",
                "arms",
                "contrasts",
                "rejected-contrasts",
                "survival",
                "responses",
                "adverse-events",
            ],
        ),
        treatments="results/evidence/treatments.csv",
    output:
        studies=report(
            "results/networks/{analysis}/studies.csv",
            caption="../report/studies.rst",
            category="Trials",
            labels={"analysis": "{analysis}"},
        ),
        nodes="results/networks/{analysis}/nodes.csv",
        excluded="results/networks/{analysis}/excluded.csv",
        data="results/networks/{analysis}/data.csv",
    log:
        "logs/network/{analysis}.log",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        evidence=subpath(input.treatments, parent=True),
        out=subpath(output[0], parent=True),
        analysis=lambda wildcards: chosen_by(wildcards.analysis),
        code=code_digest("evinet.synthesise.commands:network"),
    shell:
        "evinet network {wildcards.analysis} --config results/config.json"
        " --evidence {params.evidence:q} --out {params.out:q} > {log:q} 2>&1"


rule fit:
    """Fit one model of an analysis: exactly, or by NUTS where patients or counts enter."""
    input:
        ipd=lambda wildcards: ipd_of(wildcards.analysis, wildcards.model),
        covariates=lambda wildcards: covariates_of(wildcards.model),
        data=rules.network.output.data,
    output:
        expand(
            "results/fits/{{analysis}}/{{model}}/{file}",
            file=[name for name in FIT_FILES if name != "league.csv"],
        ),
        league=report(
            "results/fits/{analysis}/{model}/league.csv",
            caption="../report/league.rst",
            category="Effects",
            subcategory="{analysis}",
            labels={"model": "{model}"},
        ),
    log:
        "logs/fit/{analysis}/{model}.log",
    benchmark:
        "logs/benchmarks/fit/{analysis}/{model}.tsv"
    conda:
        "../envs/evinet.yaml"
    threads: lambda wildcards: threads_of(wildcards.analysis, wildcards.model)
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        out=subpath(output[0], parent=True),
        ipd=lambda wildcards, input: [f"--ipd {path}" for path in input.ipd],
        model=lambda wildcards: model_of(wildcards.model),
        analysis=lambda wildcards: fitted_by(wildcards.analysis),
        sampler=section("sampler"),
        priors=[section("effect_prior_sd"), without_words(section("heterogeneity"))],
        seed=CONFIG.seed,
        code=lambda wildcards: code_of("fit", wildcards.model),
    shell:
        "evinet fit {wildcards.analysis} {wildcards.model} --config results/config.json"
        " --data {input.data:q} {params.ipd} --out {params.out:q} > {log:q} 2>&1"


rule answers:
    """What follows from the fit of one model: margins, robustness, consistency."""
    input:
        fit=rules.fit.output,
        ipd=lambda wildcards: ipd_of(wildcards.analysis, wildcards.model),
        covariates=lambda wildcards: covariates_of(wildcards.model),
        data=rules.network.output.data,
    output:
        expand("results/fits/{{analysis}}/{{model}}/{file}", file=ANSWER_FILES),
    log:
        "logs/answers/{analysis}/{model}.log",
    benchmark:
        "logs/benchmarks/answers/{analysis}/{model}.tsv"
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        out=subpath(output[0], parent=True),
        ipd=lambda wildcards, input: [f"--ipd {path}" for path in input.ipd],
        margins=[margin["ratio"] for margin in section("margins")],
        node_split=lambda wildcards: CONFIG.models[wildcards.model].node_split,
        code=lambda wildcards: code_of("answers", wildcards.model),
    shell:
        "evinet answers {wildcards.analysis} {wildcards.model} --config results/config.json"
        " --data {input.data:q} {params.ipd} --fit {params.out:q} --out {params.out:q}"
        " > {log:q} 2>&1"


rule predict:
    """Predict survival in the populations that an analysis names."""
    input:
        ipd=lambda wildcards: population_ipd(wildcards.analysis),
        fits=lambda wildcards: fits_of(wildcards.analysis),
        studies=rules.network.output.studies,
        data=rules.network.output.data,
    output:
        expand("results/populations/{{analysis}}/{table}.csv", table=PREDICTIONS),
    log:
        "logs/predict/{analysis}.log",
    benchmark:
        "logs/benchmarks/predict/{analysis}.tsv"
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        ipd=lambda wildcards, input: [f"--ipd {path}" for path in input.ipd],
        fits=lambda wildcards, input: Path(input.fits[0]).parents[1],
        out=subpath(output[0], parent=True),
        populations=lambda wildcards: without_words(
            section("analyses")[wildcards.analysis]["populations"]
        ),
        seed=CONFIG.seed,
        code=code_digest("evinet.synthesise.commands:predict"),
    shell:
        "evinet predict {wildcards.analysis} --config results/config.json --data {input.data:q}"
        " --studies {input.studies:q} --fits {params.fits:q} {params.ipd}"
        " --out {params.out:q} > {log:q} 2>&1"


rule modifiers:
    """Find out what subgroups and trials tell about effect modifiers."""
    input:
        "results/evidence/subgroups.csv",
        "results/evidence/populations.csv",
        studies=rules.network.output.studies,
    output:
        expand("results/modifiers/{{analysis}}/{file}", file=files_of("MODIFIED")),
    log:
        "logs/modifiers/{analysis}.log",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        evidence=subpath(input[0], parent=True),
        out=subpath(output[0], parent=True),
        modifiers=section("modifiers"),
        asked=lambda wildcards: section("analyses")[wildcards.analysis]["modifiers"],
        analysis=lambda wildcards: fitted_by(wildcards.analysis),
        priors=[section("effect_prior_sd"), without_words(section("heterogeneity"))],
        code=code_digest("evinet.synthesise.commands:modifiers"),
    shell:
        "evinet modifiers {wildcards.analysis} --config results/config.json"
        " --studies {input.studies:q} --evidence {params.evidence:q}"
        " --out {params.out:q} > {log:q} 2>&1"


rule hazards:
    """Test whether the hazards of a trial's arms are proportional, by its reconstructed patients."""
    input:
        ipd="results/ipd/{trial}/{outcome}/ipd.csv",
        contrasts="results/evidence/trials/{trial}/contrasts.csv",
    output:
        expand("results/hazards/{{trial}}/{{outcome}}/{file}", file=files_of("HAZARDS")),
    log:
        "logs/hazards/{trial}-{outcome}.log",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        out=subpath(output[0], parent=True),
        seed=CONFIG.seed,
        code=code_digest("evinet.synthesise.commands:hazards"),
    shell:
        "evinet hazards {wildcards.trial} {wildcards.outcome} --config results/config.json"
        " --ipd {input.ipd:q} --contrasts {input.contrasts:q} --out {params.out:q} > {log:q} 2>&1"
