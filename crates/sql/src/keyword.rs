//! The words that mean something.

/// Makes the enum and the sorted table of words from one list.
macro_rules! keywords {
    ($($variant:ident $(= $word:literal)?)*) => {
        /// A word that means something somewhere; each is a name too where the grammar has no other use for it and
        /// [`Identifier::is_reserved`](wasm_dbms_api::Identifier::is_reserved) does not say otherwise.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Keyword { $($variant),* }

        /// Each word, in the order of the enum, which is that of the alphabet.
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

/// Where the words of each letter begin, and where the last of them end.
const STARTS: [usize; 27] = starts();

#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which would refuse it")]
const fn starts() -> [usize; 27] {
    let mut starts = [0; 27];
    let mut place = 0;
    while place < WORDS.len() {
        let letter = (WORDS[place].0.as_bytes()[0].to_ascii_lowercase() - b'a') as usize;
        // Those of later letters begin behind it.
        let mut later = letter + 1;
        while later < starts.len() {
            starts[later] = place + 1;
            later += 1;
        }
        place += 1;
    }
    starts
}

impl Keyword {
    /// The word, in any case.
    pub(crate) fn find(word: &str) -> Option<Self> {
        if word.len() > LONGEST {
            return None;
        }
        // A few words begin with the same letter, fewer of them are as long.
        let letter = usize::from(word.bytes().next()?.to_ascii_lowercase().wrapping_sub(b'a'));
        let (first, end) = (*STARTS.get(letter)?, *STARTS.get(letter + 1)?);
        let words = WORDS.get(first..end)?.iter();
        words
            .filter(|(known, _)| known.len() == word.len())
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map(|(_, keyword)| *keyword)
    }

    /// Every word.
    pub(crate) fn all() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }

    /// The word as errors show it.
    pub(crate) fn word(self) -> &'static str {
        WORDS.get(self as usize).map_or("", |(word, _)| word)
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
