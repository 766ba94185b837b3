//! The class that a new claim or Ingress gets if it names none.

use super::kernel::Kernel;
use super::kind::Kind;
use super::object::Object;
use super::rules::CLASS_OF_CLAIM;
use crate::json::Value;

/// Marks classes of storage that are the default, the older name too.
///
/// Source: kubernetes v1.34 `pkg/volume/util/storageclass.go`.
const OF_STORAGE: [&str; 2] = [
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];
/// Marks the classes of Ingresses that are the default.
const OF_INGRESS: [&str; 1] = ["ingressclass.kubernetes.io/is-default-class"];
/// Names the class of an Ingress that is older than the field for it.
const CLASS_OF_INGRESS: &str = "kubernetes.io/ingress.class";

/// Where a kind names its class, and where its classes are.
struct Place {
    field: &'static str,
    annotation: &'static str,
    group: &'static str,
    plural: &'static str,
    marks: &'static [&'static str],
}

impl Kernel {
    /// Writes the default class into a new object that names none.
    ///
    /// Source: kubernetes v1.34 `plugin/pkg/admission/storage/storageclass/setdefault/admission.go` and
    /// `plugin/pkg/admission/network/defaultingressclass/admission.go`.
    pub(super) fn give_default_class(&self, kind: &Kind, value: &mut Value) {
        let Some(place) = place(kind) else {
            return;
        };
        let annotation = &value["metadata"]["annotations"][place.annotation];
        if !annotation.is_null() || !value["spec"][place.field].is_null() {
            return;
        }
        if let Some(class) = self.default_among(&place) {
            value["spec"][place.field] = class.into();
        }
    }

    /// The name of the youngest of the classes that are the default.
    fn default_among(&self, place: &Place) -> Option<&str> {
        let table = self.registry.get(place.group, "v1", place.plural).table;
        let classes = self.log.objects(table).values();
        let is_default = |class: &&Object| {
            let annotations = &class.value()["metadata"]["annotations"];
            place.marks.iter().any(|mark| annotations[*mark] == "true")
        };
        // Times of one form have the order of their texts. Of the same age the first by name counts.
        let defaults = classes.map(AsRef::as_ref).filter(is_default);
        let youngest = defaults.reduce(|best, class| match made(class) > made(best) {
            true => class,
            false => best,
        });
        youngest.map(Object::name)
    }
}

fn made(class: &Object) -> Option<&str> {
    class.value()["metadata"]["creationTimestamp"].as_str()
}

fn place(kind: &Kind) -> Option<Place> {
    if kind.is("", "PersistentVolumeClaim") {
        return Some(Place {
            field: "storageClassName",
            annotation: CLASS_OF_CLAIM,
            group: "storage.k8s.io",
            plural: "storageclasses",
            marks: &OF_STORAGE,
        });
    }
    kind.is("networking.k8s.io", "Ingress").then_some(Place {
        field: "ingressClassName",
        annotation: CLASS_OF_INGRESS,
        group: "networking.k8s.io",
        plural: "ingressclasses",
        marks: &OF_INGRESS,
    })
}
