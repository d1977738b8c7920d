"""Words that say the same in questions and in papers: everyday and clinical vocabulary, common verbs.

A plain list of general usage. It only helps to recognise a sentence as matching;
nothing of it is ever shown. Each line is one group; words are stemmed, phrases
match when all their words are there.
"""

from __future__ import annotations

from functools import lru_cache

from index.terms import terms as terms_of

_GROUPS = """
restart, resume, reinitiate, reintroduce, recommence
stop, discontinue, withdraw, cease, hold, halt, withheld, withdrawal, cessation
start, begin, began, initiate, commence, initiation
treat, treatment, therapy, manage, management
give, gave, administer, receive, administration
tumour, tumor, cancer, malignancy, neoplasm, carcinoma, malignant
overweight, obese, obesity, body mass index, bmi
fever, febrile, pyrexia, high temperature
hypertension, high blood pressure, hypertensive
hypotension, low blood pressure, hypotensive
heart attack, myocardial infarction
stroke, cerebrovascular accident, cerebral infarction
drug, medication, medicine, pill, tablet, agent, pharmacotherapy
doctor, physician, clinician
surgery, operation, surgical, operative, resection, resect
remove, resect, excise, excision, resection
urine, urinalysis, urinary
biopsy, specimen, histology, histopathological, histopathology
skin, dermatology, cutaneous, dermatological
kidney, renal
liver, hepatic
lung, pulmonary, respiratory
heart, cardiac
brain, cerebral
stomach, gastric
bone, skeletal, osseous
blood, serum, haematological, hematological
weakness, weak, feeble, loss of strength
strength, power
tired, fatigue, exhausted, tiredness
breathless, breathlessness, shortness of breath, dyspnea, dyspnoea
vomit, emesis, throw up
diarrhea, diarrhoea, loose stool
rash, exanthem, skin lesion
itch, pruritus
swelling, edema, oedema, swollen
bleed, hemorrhage, haemorrhage, bleeding
pain, ache, tenderness
muscle pain, myalgia
joint pain, arthralgia
headache, cephalalgia
seizure, convulsion, epileptic fit
faint, syncope, collapse
swallow, dysphagia
walk, ambulate, gait, ambulation
sugar, glucose, glycemia
high potassium, hyperkalemia, hyperkalaemia
low potassium, hypokalemia, hypokalaemia, hypokalemic, hypokalaemic
low sodium, hyponatremia, hyponatraemia
transaminase, aminotransferase
white cell, leukocyte, wbc, white blood cell, leukopenia, leukocytosis
red cell, erythrocyte, rbc, red blood cell
platelet, thrombocyte
low platelet, thrombocytopenia
anemia, anaemia, low hemoglobin
x-ray, radiograph, radiography
scan, imaging, tomography, mri, ct
ultrasound, sonography, ultrasonography, echography
echocardiogram, echocardiography
show, reveal, demonstrate, find, finding, found
cause, due, etiology, aetiology, secondary, provoke, trigger
increase, elevate, raise, high, elevation, elevated
decrease, reduce, reduction, low, lower, decline, fall
improve, improvement, recover, recovery, resolve, resolution, better
worsen, deteriorate, progress, aggravate, progression
die, death, mortality, fatal, deceased, died
survive, survival, survivor
relapse, recur, recurrence, flare, return
admission, presentation, initial, arrival, baseline, presented, on arrival
discharge, went home, sent home, leave hospital
admit, admission, hospitalize, hospitalization, hospitalised
follow-up, later visit, re-examination
diagnose, diagnosis
symptom, complaint, manifestation, sign, presentation
comorbidity, medical history, pre-existing
previous, prior, past, former, before, earlier
side effect, adverse event, adverse effect, complication
pregnant, pregnancy, gestation
newborn, neonate, infant, baby
child, pediatric, paediatric, children
elderly, older, aged, geriatric
male, man, men
female, woman, women
virus, viral
bacteria, bacterial
infection, infect, infected
antibiotic, antibacterial, antimicrobial
steroid, corticosteroid, glucocorticoid
painkiller, analgesic, analgesia
blood thinner, anticoagulant, anticoagulation
cholesterol pill, statin
exercise, physiotherapy, physical therapy, rehabilitation
safe, safety, tolerate
benefit, effective, efficacy, beneficial, effectiveness
compare, versus, difference
frequency, incidence, prevalence, common
age, year old, years old
weight, kg, kilogram
dose, dosage, mg
twice daily, twice a day, bid
antibody, autoantibody
negative, absent, not detected
positive, present, detected
normal, unremarkable, within normal limits
abnormal, remarkable, pathological
unusual, rare, unique
author, writer
money, funding, financial support, sponsor
conflict of interest, competing interest
consent, permission
"""

#: A class and its members: a question about the class is met by a member, not the other way round.
_CLASSES = """
steroid: prednisone, prednisolone, methylprednisolone, dexamethasone, hydrocortisone, budesonide
corticosteroid: prednisone, prednisolone, methylprednisolone, dexamethasone, hydrocortisone
glucocorticoid: prednisone, prednisolone, methylprednisolone, dexamethasone, hydrocortisone
statin: rosuvastatin, atorvastatin, simvastatin, pravastatin, lovastatin, fluvastatin, pitavastatin
antibiotic: azithromycin, amoxicillin, ampicillin, penicillin, ceftriaxone, cefazolin, cefepime
antibiotic: meropenem, vancomycin
antibiotic: ciprofloxacin, levofloxacin, moxifloxacin, doxycycline, clindamycin, metronidazole
antibiotic: gentamicin, rifampicin
antibiotic: piperacillin, tazobactam, linezolid, clarithromycin, erythromycin, cotrimoxazole, trimethoprim
antiviral: acyclovir, aciclovir, valacyclovir, ganciclovir, oseltamivir, remdesivir, favipiravir
antiviral: lopinavir, ritonavir
antifungal: fluconazole, voriconazole, itraconazole, amphotericin, caspofungin
immunosuppressant: azathioprine, methotrexate, mycophenolate, cyclophosphamide, tacrolimus, cyclosporine
immunosuppressant: rituximab
anticoagulant: heparin, enoxaparin, warfarin, rivaroxaban, apixaban, dabigatran
antiplatelet: aspirin, clopidogrel, ticagrelor, prasugrel
antihypertensive: amlodipine, lisinopril, enalapril, losartan, metoprolol, bisoprolol, hydrochlorothiazide
diuretic: furosemide, spironolactone, hydrochlorothiazide, torasemide
antiepileptic: levetiracetam, valproate, carbamazepine, lamotrigine, phenytoin, lacosamide
antidepressant: sertraline, fluoxetine, citalopram, escitalopram, venlafaxine, mirtazapine
antipsychotic: haloperidol, olanzapine, risperidone, quetiapine, aripiprazole, clozapine
analgesic: paracetamol, acetaminophen, ibuprofen, morphine, oxycodone, tramadol, diclofenac
opioid: morphine, fentanyl, oxycodone, tramadol, methadone, codeine
chemotherapy: cisplatin, carboplatin, paclitaxel, docetaxel, doxorubicin, cyclophosphamide, gemcitabine
chemotherapy: fluorouracil
biologic: rituximab, infliximab, adalimumab, etanercept, tocilizumab
electrolyte: sodium, potassium, calcium, magnesium, chloride, phosphate
inflammatory marker: crp, c-reactive protein, esr, procalcitonin, ferritin
muscle enzyme: creatine kinase, ck, aldolase
liver enzyme: aspartate aminotransferase, alanine aminotransferase, ast, alt, alkaline phosphatase
transaminase: aspartate aminotransferase, alanine aminotransferase, ast, alt
imaging: ct, mri, x-ray, radiograph, ultrasound, tomography
vital sign: blood pressure, heart rate, temperature, oxygen saturation, pulse oximetry
"""


@lru_cache(maxsize=1)
def _by_term() -> dict[frozenset[str], tuple[frozenset[str], ...]]:
    found: dict[frozenset[str], list[frozenset[str]]] = {}
    for line in _GROUPS.strip().splitlines():
        group = list(dict.fromkeys(frozenset(terms_of(form)) for form in line.split(",")))
        for form in group:
            found.setdefault(form, []).extend(other for other in group if other != form)
    for line in _CLASSES.strip().splitlines():
        name, members = line.split(":", 1)
        forms = found.setdefault(frozenset(terms_of(name)), [])
        forms += (frozenset(terms_of(member)) for member in members.split(","))
    return {form: tuple(dict.fromkeys(others)) for form, others in found.items()}


def synonyms_of(term: str) -> tuple[frozenset[str], ...]:
    """Return the sets of stems, each of which says the same as the stem ``term``."""
    return _by_term().get(frozenset((term,)), ())
