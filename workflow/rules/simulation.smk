# Simulation study: scenarios with a known truth -> how well models estimate it.
# In:  config/simulation.yaml
# Out: results/simulation/batches/<scenario>/<first>-<last>.csv, results/simulation/{simulated,
#      performance}.csv, results/simulation/report/
SIMULATION_REPORT = "results/simulation/report"


rule simulation:
    """The simulation study, with its report."""
    input:
        "results/simulation/performance.csv",
        SIMULATION_REPORT if STORED else f"{SIMULATION_REPORT}/index.html",


rule simulate:
    """Draw some replicates of a scenario and fit its models to each."""
    input:
        ancient(STUDY_FILE),
    output:
        "results/simulation/batches/{scenario}/{first}-{last}.csv",
    log:
        "logs/simulate/{scenario}/{first}-{last}.log",
    benchmark:
        "logs/benchmarks/simulate/{scenario}/{first}-{last}.tsv"
    wildcard_constraints:
        scenario="|".join(STUDY.scenarios) if STUDY else "none",
        first="[0-9]+",
        last="[0-9]+",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=1500,
        runtime=60,
    params:
        scenario=lambda wildcards: simulated_by(wildcards.scenario),
        code=code_digest("evinet.simulate.commands:simulate"),
    shell:
        "evinet simulate {wildcards.scenario} --config {input:q} --first {wildcards.first}"
        " --last {wildcards.last} --out {output:q} > {log:q} 2>&1"


rule performance:
    """Bias, standard errors and coverage over all replicates."""
    input:
        simulated,
        study=ancient(STUDY_FILE),
    output:
        "results/simulation/simulated.csv",
        "results/simulation/performance.csv",
    log:
        "logs/performance.log",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        batches=subpath(input[0], ancestor=2),
        out=subpath(output[0], parent=True),
        code=code_digest("evinet.simulate.commands:performance"),
    shell:
        "evinet performance {params.batches:q} --config {input.study:q} --out {params.out:q}"
        " > {log:q} 2>&1"


rule simulation_report:
    """The page of the study."""
    input:
        table="results/simulation/performance.csv",
        study=ancient(STUDY_FILE),
    output:
        (directory(SIMULATION_REPORT) if STORED else f"{SIMULATION_REPORT}/index.html"),
    log:
        "logs/simulation_report.log",
    conda:
        "../envs/evinet.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDIED,
        out=(
            (lambda wildcards, output: output[0])
            if STORED
            else subpath(output[0], parent=True)
        ),
        package=content_digest(project.THEME_FOLDER, studies.DOCUMENTS),
        code=code_digest("evinet.simulate.commands:simulation_report"),
    shell:
        "evinet simulation-report --config {input.study:q} --performance {input.table:q}"
        " --out {params.out:q} > {log:q} 2>&1"
