//! Names and places of the sample data. No family or given name stands in both medical centres, so that a name proves the
//! tenant; none is a user's or a doctor's, so that a name proves a patient.

use super::records::Gender;

/// Municipality and its Belfiore code.
pub type BirthPlace = (&'static str, &'static str);
/// Municipality and its postal code.
pub type Home = (&'static str, &'static str);

pub struct People {
    pub family: &'static [&'static str],
    pub women: &'static [&'static str],
    pub men: &'static [&'static str],
    pub birth_places: &'static [BirthPlace],
    pub homes: &'static [Home],
    pub streets: &'static [&'static str],
    pub mail_domains: &'static [&'static str],
}

pub const MILANO: People = People {
    family: &[
        "Rossi", "Russo", "Esposito", "Bianchi", "Colombo", "Ricci", "Marino", "Greco", "Gallo", "Bruni", "De Luca", "Mancini", "Giordano",
        "Rizzo", "Lombardi", "Moretti", "Barbieri", "Fontana", "Santoro", "Mariani", "Rinaldi", "Caruso", "Ferrara", "Martini", "Leone",
        "Longo", "Gentile", "Martinelli", "Vitale", "Lombardo", "Serra", "Coppola", "De Santis", "D'Angelo", "Marchetti", "Parisi",
        "Villani", "Ferraro", "Ferrari", "Bianco", "Marini", "Grasso", "Valentini", "Messina", "Brambilla", "Fumagalli", "Colnaghi",
        "Crippa", "Casati", "Beretta", "Redaelli", "Galbiati", "Cattaneo", "Pozzi", "Sironi", "Radaelli", "Mauri",
        "Corbetta", "Monguzzi", "Perego", "Ronchi", "Tagliabue", "Airoldi", "Ghezzi", "Borghi",
    ],
    women: &[
        "Giulia", "Chiara", "Francesca", "Sara", "Martina", "Alessia", "Elena", "Silvia", "Paola", "Laura", "Federica", "Valentina", "Ilaria",
        "Roberta", "Simona", "Giovanna", "Teresa", "Angela", "Rosa", "Lucia", "Caterina", "Beatrice", "Sofia", "Aurelia",
    ],
    men: &[
        "Mario", "Luca", "Marco", "Alessandro", "Andrea", "Matteo", "Lorenzo", "Davide", "Stefano", "Giuseppe", "Antonio", "Francesco",
        "Giovanni", "Roberto", "Paolo", "Riccardo", "Simone", "Federico", "Gabriele", "Tommaso", "Niccolò", "Pietro", "Edoardo", "Vincenzo",
    ],
    birth_places: &[
        ("Milano", "F205"), ("Milano", "F205"), ("Milano", "F205"), ("Milano", "F205"), ("Monza", "F704"), ("Como", "C933"),
        ("Bergamo", "A794"), ("Brescia", "B157"), ("Pavia", "G388"), ("Varese", "L682"), ("Lodi", "E648"), ("Cremona", "D150"),
        ("Legnano", "E514"), ("Rho", "H264"), ("Sesto San Giovanni", "I690"), ("Napoli", "F839"), ("Bari", "A662"), ("Palermo", "G273"),
        ("Roma", "H501"), ("Bologna", "A944"), ("Verona", "L781"), ("Catania", "C351"),
    ],
    homes: &[
        ("Milano", "20121"), ("Milano", "20131"), ("Milano", "20137"), ("Milano", "20144"), ("Milano", "20154"), ("Monza", "20900"),
        ("Sesto San Giovanni", "20099"), ("Rho", "20017"), ("Legnano", "20025"),
    ],
    streets: &[
        "Via Alessandro Manzoni", "Via Torino", "Corso Buenos Aires", "Via Padova", "Viale Monza", "Via Solari", "Via Paolo Sarpi",
        "Viale Certosa", "Via Ripamonti", "Corso Lodi", "Via Vigevano", "Via Farini",
    ],
    mail_domains: &["posta.example", "milano-mail.example", "famiglia.example"],
};

pub const TORINO: People = People {
    family: &[
        "Ferrero", "Giraudo", "Gallino", "Bosio", "Actis", "Boero", "Camandona", "Dutto", "Einaudi", "Fenoglio", "Garelli", "Olivero",
        "Pautasso", "Quaglia", "Rolando", "Sacco", "Tosetti", "Usseglio", "Viglione", "Zanone", "Peyron", "Revelli", "Bertone", "Cavallero",
        "Marchisio", "Operti",
    ],
    women: &["Margherita", "Ludovica", "Emma", "Carlotta", "Virginia", "Marta", "Irene", "Cristina", "Daniela", "Ornella", "Patrizia", "Noemi"],
    men: &[
        "Giacomo", "Filippo", "Emanuele", "Umberto", "Massimo", "Claudio", "Renato", "Sergio", "Ettore", "Aldo", "Livio", "Michele",
    ],
    birth_places: &[
        ("Torino", "L219"), ("Torino", "L219"), ("Torino", "L219"), ("Moncalieri", "F335"), ("Rivoli", "H355"), ("Ivrea", "E379"),
        ("Cuneo", "D205"), ("Asti", "A479"), ("Alessandria", "A182"), ("Novara", "F952"), ("Vercelli", "L750"), ("Biella", "A859"),
        ("Genova", "D969"), ("Cagliari", "B354"),
    ],
    homes: &[("Torino", "10121"), ("Torino", "10128"), ("Torino", "10138"), ("Moncalieri", "10024"), ("Rivoli", "10098")],
    streets: &["Via Po", "Corso Francia", "Via Garibaldi", "Corso Vittorio Emanuele II", "Via Nizza", "Corso Racconigi", "Via Cernaia", "Via Lagrange"],
    mail_domains: &["posta-piemonte.example", "torino-mail.example"],
};

impl People {
    pub fn given(&self, gender: Gender) -> &'static [&'static str] {
        match gender {
            Gender::F => self.women,
            Gender::M => self.men,
        }
    }
}
