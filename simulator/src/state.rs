//! A cluster kept in a file, so that it survives its server.
//!
//! What a request changes is one transaction, committed before anybody hears of it: whoever got an answer finds the
//! change again, whatever ended the server. History is not kept: watches and lists from before a start answer 410, as
//! after a compaction; neither are the logs of containers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};

use crate::json::Value;
use crate::store::kernel::Kernel;
use crate::store::log::{Event, TableId};
use crate::store::object::Object;

/// Group, plural, namespace and name of an object.
type Place<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The revision and the JSON text of every object.
const OBJECTS: TableDefinition<Place, (u64, &[u8])> = TableDefinition::new("objects");
/// What is known of the cluster as a whole.
const CLUSTER: TableDefinition<&str, i64> = TableDefinition::new("cluster");

/// How the file is laid out; it counts up with every change that older programs cannot read.
const LAYOUT: i64 = 1;

/// Why a state cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file cannot be opened, is in use, or is not a database.
    #[error("open the state {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: redb::Error,
    },
    /// The file is of another kind, or was written by a newer program.
    #[error("{}: expected a state of arcsim in layout {LAYOUT}, found {found}", path.display())]
    Layout {
        /// The file.
        path: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// An object in the file is damaged, or of a kind that is not served.
    #[error("{}: {object}: {why}", path.display())]
    Object {
        /// The file.
        path: PathBuf,
        /// Which object.
        object: String,
        /// What is wrong with it.
        why: String,
    },
    /// A change could not be written.
    #[error("keep a change in {}", path.display())]
    Keep {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: redb::Error,
    },
}

/// The cluster that a file holds.
#[derive(Debug)]
pub struct Kept {
    /// Its state; its history is compacted.
    pub kernel: Kernel,
    /// When it was last written to, in the time of the cluster.
    pub now: Timestamp,
    /// How often it has been started, this time included.
    pub starts: u64,
}

/// An open file, which nobody else can open.
pub struct StateFile {
    database: Database,
    path: PathBuf,
    starts: u64,
    /// What each table was called; that of a definition which is gone still ends its objects.
    names: BTreeMap<TableId, (String, String)>,
}

impl StateFile {
    /// Opens a file, or creates it; `None` if it holds no cluster yet.
    ///
    /// # Errors
    /// The file cannot be had, or what it holds cannot be read.
    pub fn open(path: &Path) -> Result<(Self, Option<Kept>), StateError> {
        let open = || -> Result<_, redb::Error> {
            let database = Database::create(path)?;
            let counts = Counts::read(&database)?;
            Ok((database, counts))
        };
        let (database, counts) = open().map_err(|source| StateError::Open {
            path: path.to_owned(),
            source,
        })?;
        let mut file = Self {
            database,
            path: path.to_owned(),
            starts: 1,
            names: BTreeMap::new(),
        };
        let Some(counts) = counts else {
            return Ok((file, None));
        };
        file.check_layout(counts.layout)?;
        file.starts = counts.starts + 1;
        let kept = Kept {
            kernel: file.kernel(counts.revision)?,
            now: counts.now,
            starts: file.starts,
        };
        Ok((file, Some(kept)))
    }

    fn check_layout(&self, layout: i64) -> Result<(), StateError> {
        if layout == LAYOUT {
            return Ok(());
        }
        Err(StateError::Layout {
            path: self.path.clone(),
            found: format!("layout {layout}"),
        })
    }

    fn kernel(&self, revision: u64) -> Result<Kernel, StateError> {
        let rows = self.rows().map_err(|source| StateError::Open {
            path: self.path.clone(),
            source,
        })?;
        let mut kernel = Kernel::with_history_until(revision);
        // Definitions first: they make the tables of the others.
        let (definitions, others): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(Row::is_definition);
        for row in definitions.into_iter().chain(others) {
            let (group, plural, namespace, name) = &row.place;
            let read =
                serde_json::from_slice::<Value>(&row.text).map_err(|error| error.to_string());
            let put_back = read.and_then(|value| {
                match kernel.put_back((group, plural), value, row.revision) {
                    true => Ok(()),
                    false => Err("this kind is not served".to_owned()),
                }
            });
            put_back.map_err(|why| StateError::Object {
                path: self.path.clone(),
                object: format!("{plural} {namespace}/{name}"),
                why,
            })?;
        }
        Ok(kernel)
    }

    fn rows(&self) -> Result<Vec<Row>, redb::Error> {
        let transaction = self.database.begin_read()?;
        let table = transaction.open_table(OBJECTS)?;
        let mut rows = Vec::new();
        for entry in table.iter()? {
            let (place, content) = entry?;
            let (group, plural, namespace, name) = place.value();
            let (revision, text) = content.value();
            rows.push(Row {
                place: [group, plural, namespace, name].map(str::to_owned).into(),
                revision,
                text: text.to_owned(),
            });
        }
        Ok(rows)
    }

    /// Writes down the whole of a cluster, in place of what is there.
    ///
    /// # Errors
    /// The file cannot be written; it is as it was.
    pub fn keep_all(&mut self, kernel: &Kernel, now: Timestamp) -> Result<(), StateError> {
        self.learn_names(kernel);
        let objects = self.names.iter().flat_map(|(table, names)| {
            let objects = kernel.log().objects(*table).values();
            objects.map(move |object| (names, object.as_ref()))
        });
        let keep = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            transaction.delete_table(OBJECTS)?;
            {
                let mut table = transaction.open_table(OBJECTS)?;
                for (names, object) in objects {
                    let content = (object.revision(), &*object.encoded());
                    table.insert(place(names, object), content)?;
                }
            }
            self.count(&transaction, kernel.log().revision(), now)?;
            Ok(transaction.commit()?)
        };
        keep().map_err(|source| self.not_kept(source))
    }

    /// Writes down what has changed after revision `before`.
    ///
    /// # Errors
    /// The file cannot be written; it is as it was.
    pub fn keep(&mut self, kernel: &Kernel, before: u64, now: Timestamp) -> Result<(), StateError> {
        let log = kernel.log();
        let mut events = log.events_since(before).peekable();
        if events.peek().is_none() {
            return Ok(());
        }
        if log
            .events_since(before)
            .any(|event| !self.names.contains_key(&event.table))
        {
            self.learn_names(kernel);
        }
        let keep = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            for event in events {
                self.keep_event(&transaction, event)?;
            }
            self.count(&transaction, log.revision(), now)?;
            Ok(transaction.commit()?)
        };
        keep().map_err(|source| self.not_kept(source))
    }

    fn keep_event(&self, transaction: &WriteTransaction, event: &Event) -> Result<(), redb::Error> {
        let Some(names) = self.names.get(&event.table) else {
            return Ok(());
        };
        let (mut table, object) = (transaction.open_table(OBJECTS)?, &event.new);
        if event.deleted {
            table.remove(place(names, object))?;
        } else {
            let content = (object.revision(), &*object.encoded());
            table.insert(place(names, object), content)?;
        }
        Ok(())
    }

    fn count(
        &self,
        transaction: &WriteTransaction,
        revision: u64,
        now: Timestamp,
    ) -> Result<(), redb::Error> {
        let counts = Counts {
            layout: LAYOUT,
            revision,
            starts: self.starts,
            now,
        };
        counts.write(transaction)
    }

    /// Learns what the tables that are served now are called.
    fn learn_names(&mut self, kernel: &Kernel) {
        for served in kernel.registry().all() {
            let names = || (served.kind.group.clone(), served.kind.plural.clone());
            self.names.entry(served.table).or_insert_with(names);
        }
    }

    fn not_kept(&self, source: redb::Error) -> StateError {
        StateError::Keep {
            path: self.path.clone(),
            source,
        }
    }
}

fn place<'a>((group, plural): &'a (String, String), object: &'a Object) -> Place<'a> {
    (group, plural, object.namespace(), object.name())
}

/// One object as the file holds it.
struct Row {
    place: (String, String, String, String),
    revision: u64,
    text: Vec<u8>,
}

impl Row {
    fn is_definition(&self) -> bool {
        self.place.0 == "apiextensions.k8s.io" && self.place.1 == "customresourcedefinitions"
    }
}

/// What a file says of the cluster as a whole.
struct Counts {
    layout: i64,
    revision: u64,
    starts: u64,
    now: Timestamp,
}

impl Counts {
    /// `None` if nothing has been written yet.
    fn read(database: &Database) -> Result<Option<Self>, redb::Error> {
        let transaction = database.begin_read()?;
        let table = match transaction.open_table(CLUSTER) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let number = |name: &str| -> Result<i64, redb::Error> {
            Ok(table.get(name)?.map_or(0, |number| number.value()))
        };
        Ok(Some(Self {
            layout: number("layout")?,
            revision: number("revision")?.unsigned_abs(),
            starts: number("starts")?.unsigned_abs(),
            now: Timestamp::from_microsecond(number("microseconds")?).unwrap_or_default(),
        }))
    }

    fn write(&self, transaction: &WriteTransaction) -> Result<(), redb::Error> {
        let mut table = transaction.open_table(CLUSTER)?;
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        table.insert("layout", self.layout)?;
        table.insert("revision", signed(self.revision))?;
        table.insert("starts", signed(self.starts))?;
        table.insert("microseconds", self.now.as_microsecond())?;
        Ok(())
    }
}
