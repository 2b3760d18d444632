//! The words that mean something.

/// Makes the enum and the sorted table of words from one list.
macro_rules! keywords {
    ($($variant:ident $(= $word:literal)?)*) => {
        /// A word that means something somewhere; each is a name too where the grammar has no other use for it and
        /// [`Identifier::is_reserved`](wasm_dbms_api::Identifier::is_reserved) does not say otherwise.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Keyword { $($variant),* }

        /// Each word, in the order of the enum, which is that of the alphabet. For the compiler only: it takes six times as
        /// much as what is made of it.
        const WORDS: &[(&str, Keyword)] =
            &[$((first(&[$($word,)? stringify!($variant)]), Keyword::$variant)),*];
    };
}

keywords! {
    Abort Action Add All Alter Always Analyze And Any As Asc At Autoincrement Begin Between Both By Cascade Case Cast
    Check Collate Column Commit Conflict Constraint Create Cross Current
    CurrentDate = "current_date" CurrentTime = "current_time" CurrentTimestamp = "current_timestamp"
    Data Database Default Deferrable Deferred Delete Desc Distinct Do Double Drop Else End Enum Escape Except Exclude
    Exclusive Exists Explain Extract Fail False Fetch Filter First Following For Foreign From Full Generated Glob Group
    Groups Having Identity If Ignore Ilike Immediate In Include Increment Index Initially Inner Insert Intersect
    Into Is IsNull Isolation Join Key Last Lateral Leading Left Level Like Limit Localtime Localtimestamp Match
    Materialized Natural Next No Not Nothing NotNull Null Nulls Of Offset On Only Or Order Ordinality Outer Over
    Overriding Partition Position Pragma Preceding Precision Primary Range Read Recursive References Regexp Release Rename
    Replace Restrict Returning Right Rollback Row Rowid Rows Savepoint Select Set Similar Some Start Strict Substring
    Symmetric Table Tablesample Temp Temporary Then Ties Time To Trailing Transaction Trim True Truncate Type Unbounded
    Union Unique Unknown Unlogged Update Using Values Varying View When Where Window With Within Without Work Write Zone
}

/// The word of a keyword: as the list says, or as the keyword is called.
const fn first(words: &[&'static str]) -> &'static str {
    match words.first() {
        Some(word) => word,
        None => "",
    }
}

/// The longest word.
const LONGEST: usize = 17;

/// What is looked at: all words in small letters, one behind the other.
struct Words {
    text: [u8; LENGTH],
    keywords: [Keyword; WORDS.len()],
    /// Where each word ends, behind a 0.
    ends: [u16; WORDS.len() + 1],
    /// The places where the words of each letter begin, and where the last of them end.
    letters: [u8; 27],
}

/// How long all words are together.
const LENGTH: usize = {
    let (mut length, mut place) = (0, 0);
    while let Some(((word, _), _)) = WORDS.split_at(place).1.split_first() {
        length += word.len();
        place += 1;
    }
    length
};

static TABLE: Words = table();

static TEXT: &str = match str::from_utf8(&TABLE.text) {
    Ok(text) => text,
    Err(_) => "",
};

#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which would refuse it")]
const fn table() -> Words {
    let (text, ends) = ([0; LENGTH], [0; WORDS.len() + 1]);
    let mut table = Words { text, keywords: [Keyword::Abort; WORDS.len()], ends, letters: [0; 27] };
    let (mut place, mut end) = (0, 0);
    while place < WORDS.len() {
        let (word, keyword) = WORDS[place];
        let mut at = 0;
        while at < word.len() {
            table.text[end] = word.as_bytes()[at].to_ascii_lowercase();
            (at, end) = (at + 1, end + 1);
        }
        table.keywords[place] = keyword;
        table.ends[place + 1] = end as u16;
        // Those of later letters begin behind it.
        let mut later = (word.as_bytes()[0].to_ascii_lowercase() - b'a') as usize + 1;
        while later < table.letters.len() {
            table.letters[later] = place as u8 + 1;
            later += 1;
        }
        place += 1;
    }
    table
}

/// The word at a place.
fn word_at(place: usize) -> &'static str {
    let end = |place: usize| TABLE.ends.get(place).map_or(0, |end| usize::from(*end));
    TEXT.get(end(place)..end(place + 1)).unwrap_or_default()
}

impl Keyword {
    /// The word, in any case.
    pub(crate) fn find(word: &str) -> Option<Self> {
        if word.len() > LONGEST {
            return None;
        }
        // A few words begin with the same letter, fewer of them are as long.
        let letter = usize::from(word.bytes().next()?.to_ascii_lowercase().wrapping_sub(b'a'));
        let (first, end) = (*TABLE.letters.get(letter)?, *TABLE.letters.get(letter + 1)?);
        let place = (first.into()..end.into()).find(|place| word_at(*place).eq_ignore_ascii_case(word))?;
        TABLE.keywords.get(place).copied()
    }

    /// Every word.
    pub(crate) fn all() -> impl Iterator<Item = &'static str> {
        (0..WORDS.len()).map(word_at)
    }

    /// The word, in small letters.
    pub(crate) fn word(self) -> &'static str {
        word_at(self as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_in_any_case() {
        for (place, (word, keyword)) in WORDS.iter().enumerate() {
            assert_eq!(*keyword as usize, place);
            assert_eq!(Keyword::find(word), Some(*keyword), "{word}");
            assert_eq!(Keyword::find(&word.to_uppercase()), Some(*keyword), "{word}");
            assert!(word.len() <= LONGEST, "{word}");
        }
        assert_eq!(Keyword::find("selec"), None);
        assert_eq!(Keyword::find("selects"), None);
    }
}
