"""The words of the report, each in a sentence for a reader who does not know it."""

GLOSSARY = {
    "Hazard": "the rate at which patients who have had no event so far have one.",
    "Hazard ratio (HR)": "the hazard with the first treatment divided by that with the second; "
    "below 1, events come more slowly with the first. ln HR is its natural logarithm, the scale "
    "of the models.",
    "Time ratio": "by how much a treatment stretches the time to the event; above 1, events come "
    "later with the first. It is not a hazard ratio, and the two are not compared.",
    "Marginal and conditional ratio": "of a model of patients' covariates: outcomes are averaged "
    "over the patients of a population and then compared, or patients of the same covariates are "
    "compared and then averaged. Only like may be compared with like.",
    "PFS, OS, TTP": "progression-free survival, overall survival, time to progression.",
    "ORR, DCR": "share of patients with an objective response, and with disease control.",
    "95 % confidence interval": "what publications print: a procedure that catches the true value "
    "in 95 of 100 repetitions.",
    "95 % credible interval": "what the models give: the true value lies in it with probability "
    "95 %, if model and priors are right.",
    "95 % prediction interval": "where the effect in a new trial would lie: the credible interval "
    "widened by how much trials differ.",
    "Island": "treatments that trials connect with each other and with no others.",
    "Bridge": "a named assumption, not a trial, that lets islands be compared.",
    "Exchangeable": "alike as far as anybody knows beforehand: different, but drawn from one "
    "distribution.",
    "Fixed and random effects": "whether all trials of a comparison share one true effect, or "
    "their true effects vary.",
    "Tau": "the standard deviation of true effects between trials, on the ln HR scale.",
    "Sigma": "the standard deviation of the effects of a bridge's members, on the ln HR scale.",
    "Prior and posterior": "what is taken to be plausible before the data, and what remains "
    "plausible after them.",
    "SUCRA": "surface under the cumulative ranking curve: 1 would be surely the lowest hazard, 0 "
    "surely the highest.",
    "Transitivity": "that trials would have found the same relative effects in each other's "
    "patients, on which every indirect comparison rests.",
    "Inconsistency, incoherence": "that direct and indirect evidence on a comparison disagree.",
    "Reconstructed patients, draws": "times and events made to agree with what was printed; the "
    "draws are different sets of patients that all agree with it.",
    "Assessor": "who judged that an event had happened: the investigators, or a central review "
    "that did not know the treatment.",
    "R-hat, effective sample size, divergences": "whether the sampling of a model can be trusted: "
    "near 1, large, and 0.",
    "Residual deviance, pD, DIC": "misfit (about the number of data points when the model fits), "
    "effective number of parameters, and their sum, smaller being better.",
}
