//! The real data, where it is: 171,075 places of the world (GeoNames, CC BY 4.0; not part of this project).

use std::path::Path;
use std::time::Instant;

use world::arguments::Arguments;
use world::command;
use world::report::Answers;

/// Counted by a program that shares nothing with this one.
const EXPECTED: &[&str] = &[
    "loaded: 3865 regions and 171075 places, 384 of them in no known region",
    "updated: 3639 places of England now say so in their name",
    "rolled back: 3639 places had left GB.ENG and the region was gone; nothing of it stayed",
    "171075 places, 384 of them in no known region",
    "crowded 1: England (GB.ENG) has 3639 places",
    "crowded 2: Castille and León (ES.55) has 1951 places",
    "crowded 3: Bavaria (DE.02) has 1810 places",
    "crowded 4: Lombardy (IT.09) has 1803 places",
    "crowded 5: Piedmont (IT.12) has 1342 places",
    "crowded 6: Auvergne-Rhône-Alpes (FR.84) has 1238 places",
    "crowded 7: New South Wales (AU.02) has 1212 places",
    "crowded 8: Pennsylvania (US.PA) has 1128 places",
    "crowded 9: California (US.CA) has 1115 places",
    "crowded 10: Tamil Nadu (IN.25) has 1067 places",
    "3133 names begin with \"San \"",
    "name San Acateno is place 103161 in MX.21",
    "name San Agustin is place 117418 in PE.12",
    "furthest north: Longyearbyen at 78.22334, 15.64689",
    "furthest south: Puerto Williams at -54.93355, -67.60963",
    "check: no findings",
];

#[test]
fn the_real_data_gives_the_expected_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let (places, regions) = (folder.join("cities.csv"), folder.join("regions.csv"));
    if !places.exists() || !regions.exists() {
        eprintln!("skipped: there is no real data in {}", folder.display());
        return;
    }
    let temporary = tempfile::tempdir().expect("a folder");
    let database = temporary.path().join("world.db");
    let started = Instant::now();
    let mut report = Answers::default();
    let arguments =
        Arguments { files: Some((places, regions)), database: Some(database.clone()), ..Arguments::default() };
    command::run(&arguments, &mut report).expect("the scenario succeeds");
    eprintln!("the whole scenario on real data took {:.1} s", started.elapsed().as_secs_f64());
    for expected in EXPECTED {
        assert!(report.answers.iter().any(|answer| answer == expected), "{expected} is not in {:#?}", report.answers);
    }

    let mut again = Answers::default();
    command::run(&Arguments { verify: Some(database), ..Arguments::default() }, &mut again).expect("it is asked again");
    assert!(report.answers.ends_with(&again.answers), "the file answers otherwise when it is opened again");
}
