//! Who travels, as it was typed: into inputs of each traveller or, of a large group, as one list that
//! may come out of a spreadsheet. Whichever form was sent and whichever is shown, they are read here.

use crate::forms::{FieldError, Fields, Reader};
use crate::texts::{self, Wrong};
use agencia_protocol::trip::{Contact, TRAVELLERS_MAX, Traveller};

/// The field of a list: a traveller a line.
pub(super) const GROUP: &str = "grupo";

/// The field of how somebody is reached.
pub(super) const CONTACT: &str = "contato";

/// What is typed of a traveller, in the order of a line: fields of their number, `nome1` and so on.
pub(super) const FIELDS: [&str; 3] = ["nome", "sobrenome", "documento"];

/// How many travellers have inputs of their own; with more of them a page would be too heavy.
const INPUTS_MAX: usize = 20;

/// How many of so many people are named.
pub(super) fn named(people: u16) -> usize {
    usize::from(people).clamp(1, TRAVELLERS_MAX)
}

/// Whether so many are one list.
pub(super) fn are_listed(count: usize) -> bool {
    count > INPUTS_MAX
}

/// What was typed of one traveller.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    /// Which one it is, or the line of the list.
    number: usize,
    /// As [`FIELDS`] has them.
    pub(super) values: [String; 3],
    /// Whether something stands behind them on the line.
    is_overfull: bool,
}

impl Typed {
    /// All of them, by the form that was sent: the lines of its list, or the inputs of so many.
    pub(super) fn all(fields: &Fields, count: usize) -> Vec<Self> {
        if fields.has(GROUP) {
            let lines = (1..).zip(fields.text(GROUP).lines());
            return lines.filter_map(|(number, line)| Self::of_line(number, line)).collect();
        }
        let of_inputs = |number| {
            let values = FIELDS.map(|name| fields.first(&format!("{name}{number}")).to_owned());
            Self { number, values, is_overfull: false }
        };
        (1..=count).map(of_inputs).collect()
    }

    /// What a line says, between tabs as a spreadsheet has them, else between semicolons, else between
    /// commas; nothing when it is empty. Tabs at the end of a line are empty cells, or mistyped: where
    /// there are no others, a semicolon tells more.
    fn of_line(number: usize, line: &str) -> Option<Self> {
        let marks = if line.trim_end().contains('\t') { ['\t', ';'] } else { [';', '\t'] };
        let separator = marks.into_iter().find(|mark| line.contains(*mark)).unwrap_or(',');
        let mut cells = line.split(separator).map(str::trim);
        let values = FIELDS.map(|_| cells.next().unwrap_or_default().to_owned());
        let typed = Self { number, values, is_overfull: cells.any(|cell| !cell.is_empty()) };
        (typed.is_overfull || !typed.is_empty()).then_some(typed)
    }

    fn is_empty(&self) -> bool {
        self.values.iter().all(String::is_empty)
    }

    /// The line that says this.
    fn line(&self) -> String {
        let has_semicolon = self.values.iter().any(|value| value.contains(';'));
        let separator = if has_semicolon { "\t" } else { "; " };
        let filled = self.values.iter().rposition(|value| !value.is_empty());
        // With a separator behind it, a first name keeps its comma.
        let cells = filled.map_or(0, |last| last + 1).max(2);
        self.values[..cells].join(separator)
    }

    /// # Errors
    /// What is missing or is no name, by its field.
    fn read(&self) -> Result<Traveller, Vec<FieldError>> {
        let names = FIELDS.map(|name| format!("{name}{}", self.number));
        let fields = names.iter().cloned().zip(self.values.iter().cloned());
        let fields = Fields::from(fields.collect::<Vec<_>>());
        let mut reader = Reader::new(&fields);
        let (name, surname) = (reader.name(&names[0]), reader.name(&names[1]));
        let document = reader.optional_name(&names[2]);
        if self.is_overfull {
            reader.wrong(&names[2], texts::NOTHING_BEHIND);
        }
        let named = name.zip(surname);
        reader.finish(named.map(|(name, surname)| Traveller { name, surname, document }))
    }
}

/// What was typed as the text of a list.
pub(super) fn as_list(fields: &Fields, count: usize) -> String {
    if fields.has(GROUP) {
        return fields.text(GROUP).to_owned();
    }
    let typed = Typed::all(fields, count);
    let lines = typed.iter().filter(|typed| !typed.is_empty()).map(Typed::line);
    lines.collect::<Vec<_>>().join("\n")
}

/// So many travellers, and how they are reached.
///
/// # Errors
/// Every field that cannot be used, and that others are listed than so many.
pub(super) fn read(
    fields: &Fields,
    count: usize,
) -> Result<(Vec<Traveller>, Option<Contact>), Vec<FieldError>> {
    let typed = Typed::all(fields, count);
    let (mut travellers, mut errors) = (Vec::new(), Vec::new());
    if typed.len() != count {
        errors.push(FieldError::new(GROUP, Wrong::Listed { found: typed.len(), wanted: count }));
    }
    for traveller in &typed {
        match traveller.read() {
            Ok(traveller) => travellers.push(traveller),
            Err(wrong) => errors.extend(wrong),
        }
    }
    let mut reader = Reader::new(fields);
    let contact = reader.contact(CONTACT);
    errors.extend(reader.finish(Some(())).err().into_iter().flatten());
    if errors.is_empty() { Ok((travellers, contact)) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Fields {
        vec![(GROUP.to_owned(), text.to_owned())].into()
    }

    #[test]
    fn a_line_is_cut_at_tabs_else_at_semicolons_else_at_commas() {
        let check = |line: &str, expected: [&str; 3]| {
            let typed = Typed::of_line(7, line).unwrap_or_default();
            assert_eq!((typed.values, typed.number), (expected.map(str::to_owned), 7), "{line:?}");
            assert!(!typed.is_overfull, "{line:?}");
        };
        check("Ana;Souza;MG-12", ["Ana", "Souza", "MG-12"]);
        check(" Ana , Souza ", ["Ana", "Souza", ""]);
        check("Ana\tSouza; Lima, de\tMG-12", ["Ana", "Souza; Lima, de", "MG-12"]);
        check("Ana; Souza, filha", ["Ana", "Souza, filha", ""]);
        // A cell that is empty is not left out, but for those behind the last.
        check("\tSouza", ["", "Souza", ""]);
        check("Ana;;MG-12;;", ["Ana", "", "MG-12"]);
        check("Ana; Souza\t", ["Ana", "Souza", ""]);
        check("Ana", ["Ana", "", ""]);
        // A name with a comma out of a spreadsheet whose other cells are empty.
        check("Souza, Ana\t\t", ["Souza, Ana", "", ""]);
    }

    #[test]
    fn empty_lines_are_none_and_the_others_keep_their_numbers() {
        let typed = Typed::all(&listed("\r\nAna;Souza\r\n \t \r\n;;\nBento,Lima"), 2);
        let numbers: Vec<_> = typed.iter().map(|typed| typed.number).collect();
        assert_eq!(numbers, [2, 5]);
        let (travellers, _) = read(&listed("\r\nAna;Souza\r\n \t \r\n;;\nBento,Lima"), 2).unwrap();
        assert_eq!(travellers[1].surname.as_str(), "Lima");
    }

    #[test]
    fn every_mistake_is_at_its_line_and_field() {
        let long = "x".repeat(101);
        let text = format!("Ana;Souza\n;Lima\n\nRita\nEva;Lima;1;2\nIvo;{long};{long}");
        let errors = read(&listed(&text), 6).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| &*error.field).collect();
        let lines = ["nome2", "sobrenome4", "documento5", "sobrenome6", "documento6"];
        assert_eq!(fields, [&[GROUP], &lines[..]].concat());
        assert_eq!(errors[0].wrong, Wrong::Listed { found: 5, wanted: 6 });
        assert_eq!(errors[3].wrong, texts::NOTHING_BEHIND.into());
    }

    #[test]
    fn inputs_become_a_list_and_are_read_back_from_it() {
        let typed = [("Ana", "Souza", "MG-12"), ("Bento; o 2º", "Lima", ""), ("", "", "")];
        let inputs = typed.iter().zip(1..).flat_map(|((name, surname, document), number)| {
            [("nome", name), ("sobrenome", surname), ("documento", document)]
                .map(|(field, value)| (format!("{field}{number}"), (*value).to_owned()))
        });
        let inputs = Fields::from(inputs.collect::<Vec<_>>());
        let list = as_list(&inputs, 3);
        assert_eq!(list, "Ana; Souza; MG-12\nBento; o 2º\tLima");
        assert_eq!(Typed::all(&listed(&list), 2), Typed::all(&inputs, 2));
        // As it was typed it stays.
        assert_eq!(as_list(&listed("\n a,b"), 3), "\n a,b");
    }

    #[test]
    fn a_first_name_alone_stays_one() {
        for name in ["Ana", "Souza, Ana"] {
            let inputs: Fields = vec![("nome1".to_owned(), name.to_owned())].into();
            let list = as_list(&inputs, 1);
            assert_eq!(Typed::all(&listed(&list), 1), Typed::all(&inputs, 1), "{list:?}");
        }
    }

    #[test]
    fn as_many_as_can_be_named_are_and_twenty_have_inputs() {
        assert_eq!([0, 1, 100, 101, 999].map(named), [1, 1, 100, 100, 100]);
        assert_eq!([20, 21].map(are_listed), [false, true]);
    }
}
