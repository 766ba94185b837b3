//! What functions and operators take and make.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::cel_type::CelType;
use super::function_table::FUNCTIONS;

/// One form of a function.
#[derive(Debug, PartialEq)]
pub(super) struct Signature {
    pub(super) is_member: bool,
    /// What it takes; of a member, first what it belongs to.
    pub(super) takes: Vec<CelType>,
    pub(super) makes: CelType,
    /// How many types it leaves open.
    pub(super) n_params: usize,
}

/// All forms of the function or operator of this name.
pub(super) fn signatures(function: &str) -> Option<&'static [Signature]> {
    KNOWN.get(function).map(Vec::as_slice)
}

static KNOWN: LazyLock<BTreeMap<&str, Vec<Signature>>> = LazyLock::new(|| {
    let mut known = BTreeMap::<_, Vec<_>>::new();
    for line in FUNCTIONS.lines().filter(|line| !line.trim().is_empty()) {
        let (names, forms) = line
            .split_once(" := ")
            .expect("the table has a sign on each line");
        for name in names.split_whitespace() {
            let forms = forms.split(';').map(|form| Reader(form).signature());
            known.entry(name).or_default().extend(forms);
        }
    }
    known
});

/// Reads the table, whose grammar is that of [`FUNCTIONS`].
struct Reader<'t>(&'t str);

impl<'t> Reader<'t> {
    fn signature(mut self) -> Signature {
        let mut takes = Vec::new();
        self.skip(' ');
        let is_member = !self.0.starts_with('(');
        if is_member {
            takes.push(self.kind());
            self.skip('.');
        }
        self.skip('(');
        takes.extend(self.kinds());
        self.skip(' ');
        let makes = self.kind();
        let n_params = takes.iter().chain([&makes]).map(params).max();
        Signature {
            is_member,
            takes,
            makes,
            n_params: n_params.unwrap_or_default(),
        }
    }

    fn skip(&mut self, sign: char) -> bool {
        let rest = self.0.strip_prefix(sign);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Types up to a closing bracket.
    fn kinds(&mut self) -> Vec<CelType> {
        let mut kinds = Vec::new();
        while !self.skip(')') {
            kinds.push(self.kind());
            self.skip(',');
            self.skip(' ');
        }
        kinds
    }

    fn word(&mut self) -> &'t str {
        let is_word = |letter: char| letter.is_ascii_alphanumeric();
        let end = self.0.find(|letter| !is_word(letter));
        let (word, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        word
    }

    fn kind(&mut self) -> CelType {
        let word = self.word();
        let is_whole = matches!(word, "list" | "map" | "optional" | "type") && self.skip('(');
        let mut parts = match is_whole {
            true => self.kinds().into_iter(),
            false => Vec::new().into_iter(),
        };
        let mut part = || parts.next().unwrap_or(CelType::Dyn);
        match word {
            "list" => CelType::list(part()),
            "map" => CelType::map(part(), part()),
            "optional" => CelType::optional(part()),
            "type" => CelType::Type(part().into()),
            "dyn" => CelType::Dyn,
            "A" => CelType::Param(0),
            "B" => CelType::Param(1),
            word => CelType::Named(full_name(word)),
        }
    }
}

/// The name of a type that the table shortens.
fn full_name(word: &str) -> &'static str {
    const NAMES: [(&str, &str); 19] = [
        ("Authorizer", "kubernetes.authorization.Authorizer"),
        ("CIDR", "net.CIDR"),
        ("Decision", "kubernetes.authorization.Decision"),
        ("Format", "kubernetes.NamedFormat"),
        ("GroupCheck", "kubernetes.authorization.GroupCheck"),
        ("IP", "net.IP"),
        ("PathCheck", "kubernetes.authorization.PathCheck"),
        ("Quantity", "kubernetes.Quantity"),
        ("ResourceCheck", "kubernetes.authorization.ResourceCheck"),
        ("Semver", "kubernetes.Semver"),
        ("URL", "kubernetes.URL"),
        ("bool", "bool"),
        ("bytes", "bytes"),
        ("double", "double"),
        ("duration", "duration"),
        ("int", "int"),
        ("string", "string"),
        ("timestamp", "timestamp"),
        ("uint", "uint"),
    ];
    let found = NAMES.iter().find(|(short, _)| *short == word);
    found.expect("the table names known types").1
}

/// How many types `kind` leaves open, since they are numbered.
fn params(kind: &CelType) -> usize {
    match kind {
        CelType::Param(index) => index + 1,
        CelType::List(of) | CelType::Optional(of) | CelType::Type(of) => params(of),
        CelType::Map(keys, values) => params(keys).max(params(values)),
        CelType::Named(_) | CelType::Dyn | CelType::Error | CelType::Object(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read() {
        let found = signatures("_[_]").unwrap();
        assert_eq!(found.len(), 4);
        let map = Signature {
            is_member: false,
            takes: vec![
                CelType::map(CelType::Param(0), CelType::Param(1)),
                CelType::Param(0),
            ],
            makes: CelType::Param(1),
            n_params: 2,
        };
        assert_eq!(found[1], map);
        let found = &signatures("startsWith").unwrap()[0];
        assert!(found.is_member && found.takes == [CelType::STRING, CelType::STRING]);
        assert_eq!(signatures("nonsense"), None);
    }
}
