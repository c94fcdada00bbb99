//! Doctors of the medical centres, and what they do.

/// Only women are its patients here.
pub(super) const GYNAECOLOGY: &str = "Ginecologia";

pub(super) struct Doctor {
    pub name: &'static str,
    pub speciality: &'static str,
    pub slot_minutes: i64,
    /// Description, minutes and price in cents: a first visit, then others.
    pub treatments: [(&'static str, u32); 2],
    /// Titles of medical reports with the words in them.
    pub reports: [(&'static str, &'static str); 2],
}

pub(super) const SAN_LUCA_DOCTORS: &[Doctor] = &[
    Doctor {
        name: "Dott.ssa Elisabetta Zanetti",
        speciality: "Cardiologia",
        slot_minutes: 30,
        treatments: [("Visita cardiologica con elettrocardiogramma", 13_000), ("Ecocardiogramma color Doppler", 12_000)],
        reports: [
            ("Referto visita cardiologica", "Toni cardiaci ritmici, pause libere. Pressione nei limiti. Si consiglia controllo annuale."),
            (
                "Referto ecocardiogramma",
                "Ventricolo sinistro di normali dimensioni e funzione sistolica conservata. Non versamento pericardico.",
            ),
        ],
    },
    Doctor {
        name: "Dott. Guido Pellegrini",
        speciality: "Ortopedia",
        slot_minutes: 20,
        treatments: [("Visita ortopedica", 11_000), ("Infiltrazione articolare", 9_000)],
        reports: [
            (
                "Referto visita ortopedica",
                "Dolore alla flessione del ginocchio destro, stabilità conservata. Si prescrive ciclo di fisioterapia.",
            ),
            ("Referto radiografia del ginocchio", "Iniziali segni di gonartrosi mediale. Non lesioni ossee a focolaio."),
        ],
    },
    Doctor {
        name: "Dott.ssa Miriam Orlando",
        speciality: "Dermatologia",
        slot_minutes: 20,
        treatments: [("Visita dermatologica", 10_500), ("Mappatura dei nei in epiluminescenza", 11_500)],
        reports: [
            ("Referto visita dermatologica", "Dermatite da contatto delle mani. Terapia topica per due settimane."),
            ("Referto mappatura nevi", "Lesioni melanocitarie regolari. Controllo tra dodici mesi."),
        ],
    },
    Doctor {
        name: "Dott. Ruggero Basile",
        speciality: "Oculistica",
        slot_minutes: 30,
        treatments: [("Visita oculistica", 11_000), ("Campo visivo computerizzato", 7_000)],
        reports: [
            ("Referto visita oculistica", "Visus corretto 10/10 in entrambi gli occhi. Tono oculare nei limiti. Fondo regolare."),
            ("Referto campo visivo", "Campo visivo nei limiti della norma in entrambi gli occhi."),
        ],
    },
    Doctor {
        name: "Dott.ssa Letizia Sanna",
        speciality: GYNAECOLOGY,
        slot_minutes: 30,
        treatments: [("Visita ginecologica", 12_000), ("Ecografia pelvica", 9_500)],
        reports: [
            ("Referto visita ginecologica", "Esame obiettivo nella norma. Eseguito prelievo per lo screening."),
            ("Referto ecografia pelvica", "Utero e annessi di normale morfologia. Non versamento."),
        ],
    },
    Doctor {
        name: "Dott. Osvaldo Testa",
        speciality: "Fisiatria",
        slot_minutes: 40,
        treatments: [("Visita fisiatrica", 10_000), ("Seduta di fisioterapia", 5_500)],
        reports: [
            ("Referto visita fisiatrica", "Lombalgia meccanica. Programma riabilitativo di dieci sedute."),
            ("Relazione di fine trattamento riabilitativo", "Ripresa completa dell'articolarità. Si consigliano esercizi a domicilio."),
        ],
    },
];

pub(super) const VILLA_AURORA_DOCTORS: &[Doctor] = &[
    Doctor {
        name: "Dott. Corrado Bonetti",
        speciality: "Medicina interna",
        slot_minutes: 30,
        treatments: [("Visita internistica", 11_000), ("Monitoraggio della pressione per 24 ore", 8_000)],
        reports: [
            ("Referto visita internistica", "Condizioni generali buone. Si conferma la terapia in corso."),
            ("Referto monitoraggio pressorio", "Valori medi nei limiti nelle ore diurne e notturne."),
        ],
    },
    Doctor {
        name: "Dott.ssa Viola Damiani",
        speciality: "Endocrinologia",
        slot_minutes: 30,
        treatments: [("Visita endocrinologica", 12_000), ("Ecografia della tiroide", 8_500)],
        reports: [
            ("Referto visita endocrinologica", "Tiroide di volume regolare. Dosaggi ormonali da ripetere tra sei mesi."),
            ("Referto ecografia tiroidea", "Piccolo nodulo isoecogeno del lobo destro, stabile rispetto al precedente."),
        ],
    },
    Doctor {
        name: "Dott. Fulvio Neirotti",
        speciality: "Otorinolaringoiatria",
        slot_minutes: 20,
        treatments: [("Visita otorinolaringoiatrica", 10_000), ("Esame audiometrico", 5_000)],
        reports: [
            ("Referto visita otorinolaringoiatrica", "Otoscopia nella norma. Setto nasale lievemente deviato."),
            ("Referto esame audiometrico", "Udito nei limiti per l'età in entrambi i lati."),
        ],
    },
];
