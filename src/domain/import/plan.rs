//! What becomes of all rows of a file together.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use super::{
    person::{Person, Referrer},
    reason::{Note, Reason},
};

/// What is to be imported.
#[derive(Debug)]
pub struct Plan {
    /// Everybody, each after their referrer, and those whom one referrer invited
    /// in the order in which that was.
    pub people: Vec<Person>,
    /// The rows that are not imported.
    pub refused: Vec<Note>,
}

impl Plan {
    /// Decides about people and refused rows.
    pub(super) fn of(people: Vec<Person>, refused: Vec<Note>) -> Self {
        let mut plan = Self { people, refused };
        plan.people
            .sort_by_key(|person| (person.created_at, person.id, person.line));
        plan.keep_the_older(Reason::SameId, |person| person.id);
        plan.keep_the_older(Reason::SamePhone, |person| Some(person.phone));
        plan.give_codes();
        let mut referrers = plan.find_referrers();
        plan.open_circles(&mut referrers);
        plan.order(&referrers);
        plan
    }

    /// Refuses those who have the same key as an older one.
    fn keep_the_older<K: Hash + Eq>(&mut self, reason: Reason, key: impl Fn(&Person) -> Option<K>) {
        let (mut seen, refused) = (HashSet::new(), &mut self.refused);
        self.people.retain(|person| {
            let is_new = key(person).is_none_or(|key| seen.insert(key));
            if !is_new {
                refused.push(person.note(reason));
            }
            is_new
        });
    }

    /// Leaves each code to one: to whoever has it as it is written before whoever
    /// has it in small letters.
    fn give_codes(&mut self) {
        let mut taken = HashSet::new();
        for folded in [false, true] {
            let people = self.people.iter_mut();
            for person in people.filter(|person| person.is_folded() == folded) {
                if person.code.is_some_and(|code| !taken.insert(code)) {
                    person.lose_code();
                }
            }
        }
    }

    /// Finds the referrers that are in the file too, each of whom is known by
    /// phone from then on. The others may be in the store.
    fn find_referrers(&mut self) -> Vec<Option<usize>> {
        let mut places = HashMap::new();
        for (place, person) in self.people.iter().enumerate() {
            places.extend(person.id.map(|id| (Referrer::Id(id), place)));
            places.extend(person.code.map(|code| (Referrer::Code(code), place)));
            places.insert(Referrer::Phone(person.phone), place);
        }
        let named = self.people.iter().map(|person| person.referrer);
        let found: Vec<_> = named
            .map(|named| named.and_then(|named| places.get(&named).copied()))
            .collect();
        for (place, referrer) in found.iter().enumerate() {
            if let Some(referrer) = referrer {
                let phone = self.people[*referrer].phone;
                self.people[place].referrer = Some(Referrer::Phone(phone));
            }
        }
        found
    }

    /// Takes invitations in the order of their dates, and drops those that close a circle.
    fn open_circles(&mut self, referrers: &mut [Option<usize>]) {
        let mut by_date: Vec<_> = (0..self.people.len()).collect();
        by_date.sort_by_key(|place| (self.people[*place].invited_at, *place));
        // Whom invitations bind has one root: a disjoint-set forest, its paths halved.
        let mut above: Vec<_> = (0..self.people.len()).collect();
        for place in by_date {
            let Some(referrer) = referrers[place] else {
                continue;
            };
            let (own, theirs) = (root(&mut above, place), root(&mut above, referrer));
            if own == theirs {
                referrers[place] = None;
                self.people[place].referrer = None;
                self.people[place].reasons.push(Reason::Circle);
            } else {
                above[own] = theirs;
            }
        }
    }

    /// Puts everybody after their referrer: level by level, and by date in each.
    fn order(&mut self, referrers: &[Option<usize>]) {
        let mut invitees = vec![Vec::new(); self.people.len()];
        let mut order = Vec::with_capacity(self.people.len());
        for (place, referrer) in referrers.iter().enumerate() {
            match referrer {
                Some(referrer) => invitees[*referrer].push(place),
                None => order.push(place),
            }
        }
        let mut next = 0;
        while let Some(place) = order.get(next).copied() {
            let mut invited = std::mem::take(&mut invitees[place]);
            invited.sort_by_key(|place| (self.people[*place].invited_at, *place));
            order.extend(invited);
            next += 1;
        }
        let mut people: Vec<_> = self.people.drain(..).map(Some).collect();
        self.people
            .extend(order.iter().filter_map(|place| people[*place].take()));
    }
}

fn root(above: &mut [usize], mut place: usize) -> usize {
    while above[place] != place {
        above[place] = above[above[place]];
        place = above[place];
    }
    place
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;
    use crate::domain::{
        destination::Destinations,
        import::{InvitedBy, Reading, Row, Rules},
        region::Region,
        time::Timestamp,
    };

    fn rules() -> Rules {
        Rules {
            region: Region::RU,
            destinations: Destinations::new(vec!["+79".parse().unwrap()]).unwrap(),
            code_length: 6,
            now: Timestamp::from_seconds(1_800_000_000),
        }
    }

    fn plan(rows: &[Row<'_>]) -> Plan {
        let mut reading = Reading::new(rules());
        for row in rows {
            reading.add(row);
        }
        reading.plan()
    }

    /// Few enough values that rows meet.
    type Values = (u8, u8, Option<u8>, u8, Option<u8>);

    fn values() -> impl Strategy<Value = Vec<Values>> {
        vec(
            (
                0..14_u8,
                0..14_u8,
                option::of(0..8_u8),
                0..6_u8,
                option::of(0..14_u8),
            ),
            0..30,
        )
    }

    fn texts((id, phone, code, day, referrer): Values) -> [String; 5] {
        [
            id.to_string(),
            format!("+790000000{phone:02}"),
            code.map(|code| {
                [["ABCDE", "abcde"][usize::from(code % 2)], &code.to_string()].concat()
            })
            .unwrap_or_default(),
            format!("2024-01-0{day}T00:00:00Z"),
            referrer.map(|id| id.to_string()).unwrap_or_default(),
        ]
    }

    fn row(line: usize, texts: &[String; 5]) -> Row<'_> {
        Row {
            line: line as u64,
            id: &texts[0],
            phone: &texts[1],
            invitation_code: &texts[2],
            created_at: &texts[3],
            invited_by: match &*texts[4] {
                "" => InvitedBy::Nobody,
                id => InvitedBy::Id(id),
            },
            ..Row::default()
        }
    }

    proptest! {
        #[test]
        fn every_row_is_imported_or_refused_and_nothing_is_lost_silently(values in values()) {
            let texts: Vec<_> = values.into_iter().map(texts).collect();
            let rows: Vec<_> = texts.iter().enumerate().map(|(line, texts)| row(line, texts)).collect();
            let plan = plan(&rows);
            let mut lines: Vec<_> = plan.people.iter().map(|person| person.line).collect();
            lines.extend(plan.refused.iter().map(|note| note.line));
            lines.sort_unstable();
            prop_assert!(lines.iter().copied().eq(0..rows.len() as u64));
            for person in &plan.people {
                let row = rows[usize::try_from(person.line).unwrap()];
                let has = |reason: &[Reason]| person.reasons.iter().any(|one| reason.contains(one));
                let keeps = person.code.is_some_and(|code| code.as_str() == row.invitation_code);
                prop_assert_ne!(keeps, has(&[Reason::NoCode, Reason::CodeTaken, Reason::CodeFolded]));
                let was_invited = !matches!(row.invited_by, InvitedBy::Nobody | InvitedBy::Id("0"));
                prop_assert_eq!(was_invited && person.referrer.is_none(), has(&[Reason::Circle]));
            }
        }

        #[test]
        fn nobody_shares_anything_and_everybody_comes_after_their_referrer(values in values()) {
            let texts: Vec<_> = values.into_iter().map(texts).collect();
            let rows: Vec<_> = texts.iter().enumerate().map(|(line, texts)| row(line, texts)).collect();
            let (mut keys, mut codes) = (HashSet::new(), HashSet::new());
            for person in plan(&rows).people {
                if let Some(Referrer::Phone(phone)) = person.referrer {
                    prop_assert!(keys.contains(&Referrer::Phone(phone)));
                }
                prop_assert!(keys.insert(Referrer::Phone(person.phone)));
                prop_assert!(keys.insert(Referrer::Id(person.id.unwrap())));
                prop_assert!(person.code.is_none_or(|code| codes.insert(code)));
            }
        }

        #[test]
        fn the_order_of_rows_decides_nothing(values in values(), turn in 0..30_usize) {
            let mut texts: Vec<_> = values.into_iter().map(texts).collect();
            texts.sort();
            texts.dedup_by_key(|texts| texts[0].clone());
            let told = |texts: &[[String; 5]]| {
                let rows: Vec<_> = texts.iter().map(|texts| row(0, texts)).collect();
                let people = plan(&rows).people.into_iter();
                people.map(|person| (person.id, person.code, person.referrer, person.reasons)).collect::<Vec<_>>()
            };
            let before = told(&texts);
            let turn = turn.min(texts.len());
            texts.rotate_left(turn);
            prop_assert_eq!(told(&texts), before);
        }
    }

    #[test]
    fn the_last_invitation_of_a_circle_is_dropped() {
        let texts = [
            (1, 1, None, 1, Some(3)),
            (2, 2, None, 3, Some(1)),
            (3, 3, None, 2, Some(2)),
        ];
        let texts = texts.map(self::texts);
        let rows: Vec<_> = texts.iter().map(|texts| row(0, texts)).collect();
        let people = plan(&rows).people;
        let ids: Vec<_> = people.iter().map(|person| person.id.unwrap().0).collect();
        assert_eq!(ids, [2, 3, 1]);
        assert!(people[0].reasons.contains(&Reason::Circle));
    }
}
