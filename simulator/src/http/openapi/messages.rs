//! The messages of gnostic, as far as documents here have fields for them.

use super::binary::Content::{
    Any, Anys, Extensions, Fraction, If, Many, Named, One, Text, Texts, Truth, Whole,
};
use super::binary::{Field, Message};
use crate::json::Value;

/// `openapi.v2.Document`.
pub(super) static DOCUMENT_V2: Message = Message(&[
    Field(1, "swagger", Text),
    Field(
        2,
        "info",
        One(&Message(&[
            Field(1, "title", Text),
            Field(2, "version", Text),
        ])),
    ),
    Field(8, "paths", One(&Message(&[Field(2, "", Named(&PATH_V2))]))),
    Field(9, "definitions", One(&SCHEMAS_V2)),
    Field(
        12,
        "security",
        Many(&Message(&[Field(
            1,
            "",
            Named(&Message(&[Field(1, "", Texts)])),
        )])),
    ),
    Field(
        13,
        "securityDefinitions",
        One(&Message(&[Field(
            1,
            "",
            Named(&Message(&[Field(
                2,
                "",
                One(&Message(&[
                    Field(1, "type", Text),
                    Field(2, "name", Text),
                    Field(3, "in", Text),
                    Field(4, "description", Text),
                ])),
            )])),
        )])),
    ),
]);

static PATH_V2: Message = Message(&[
    Field(2, "get", One(&OPERATION_V2)),
    Field(3, "put", One(&OPERATION_V2)),
    Field(4, "post", One(&OPERATION_V2)),
    Field(5, "delete", One(&OPERATION_V2)),
    Field(8, "patch", One(&OPERATION_V2)),
    Field(9, "parameters", Many(&PARAMETER_V2)),
]);

static OPERATION_V2: Message = Message(&[
    Field(1, "tags", Texts),
    Field(3, "description", Text),
    Field(5, "operationId", Text),
    Field(6, "produces", Texts),
    Field(7, "consumes", Texts),
    Field(8, "parameters", Many(&PARAMETER_V2)),
    Field(
        9,
        "responses",
        One(&Message(&[Field(1, "", Named(&RESPONSE_V2))])),
    ),
    Field(10, "schemes", Texts),
    Field(13, "", Extensions),
]);

static PARAMETER_V2: Message = Message(&[Field(1, "", One(&PLACED_V2))]);

static PLACED_V2: Message = Message(&[
    Field(
        1,
        "",
        If(
            |parameter| parameter["in"] == "body",
            &Message(&[
                Field(2, "name", Text),
                Field(3, "in", Text),
                Field(4, "required", Truth),
                Field(5, "schema", One(&SCHEMA_V2)),
            ]),
        ),
    ),
    Field(
        2,
        "",
        If(|parameter| parameter["in"] != "body", &BODILESS_V2),
    ),
]);

static BODILESS_V2: Message = Message(&[
    Field(
        3,
        "",
        If(
            |parameter| parameter["in"] == "query",
            &Message(&[
                Field(2, "in", Text),
                Field(4, "name", Text),
                Field(6, "type", Text),
                Field(20, "uniqueItems", Truth),
            ]),
        ),
    ),
    Field(
        4,
        "",
        If(
            |parameter| parameter["in"] == "path",
            &Message(&[
                Field(1, "required", Truth),
                Field(2, "in", Text),
                Field(4, "name", Text),
                Field(5, "type", Text),
                Field(19, "uniqueItems", Truth),
            ]),
        ),
    ),
]);

static RESPONSE_V2: Message = Message(&[Field(
    1,
    "",
    One(&Message(&[
        Field(1, "description", Text),
        Field(2, "schema", One(&Message(&[Field(1, "", One(&SCHEMA_V2))]))),
    ])),
)]);

/// Definitions and properties alike.
static SCHEMAS_V2: Message = Message(&[Field(1, "", Named(&SCHEMA_V2))]);

static SCHEMA_V2: Message = Message(&[
    Field(1, "$ref", Text),
    Field(2, "format", Text),
    Field(3, "title", Text),
    Field(4, "description", Text),
    Field(5, "default", Any),
    Field(6, "multipleOf", Fraction),
    Field(7, "maximum", Fraction),
    Field(8, "exclusiveMaximum", Truth),
    Field(9, "minimum", Fraction),
    Field(10, "exclusiveMinimum", Truth),
    Field(11, "maxLength", Whole),
    Field(12, "minLength", Whole),
    Field(13, "pattern", Text),
    Field(14, "maxItems", Whole),
    Field(15, "minItems", Whole),
    Field(16, "uniqueItems", Truth),
    Field(17, "maxProperties", Whole),
    Field(18, "minProperties", Whole),
    Field(19, "required", Texts),
    Field(20, "enum", Anys),
    Field(21, "additionalProperties", One(&ADDITIONAL_V2)),
    Field(22, "type", One(&Message(&[Field(1, "", Texts)]))),
    Field(23, "items", One(&Message(&[Field(1, "", One(&SCHEMA_V2))]))),
    Field(25, "properties", One(&SCHEMAS_V2)),
    Field(31, "", Extensions),
]);

/// A schema, or whether there may be more at all.
static ADDITIONAL_V2: Message = Message(&[
    Field(1, "", If(Value::is_object, &SCHEMA_V2)),
    Field(2, "", Truth),
]);

/// `openapi.v3.Document`.
pub(super) static DOCUMENT_V3: Message = Message(&[
    Field(1, "openapi", Text),
    Field(
        2,
        "info",
        One(&Message(&[
            Field(1, "title", Text),
            Field(6, "version", Text),
        ])),
    ),
    Field(4, "paths", One(&Message(&[Field(1, "", Named(&PATH_V3))]))),
    Field(
        5,
        "components",
        One(&Message(&[
            Field(1, "schemas", One(&SCHEMAS_V3)),
            Field(7, "securitySchemes", One(&SECURITY_V3)),
        ])),
    ),
]);

static SECURITY_V3: Message = Message(&[Field(
    1,
    "",
    Named(&Message(&[Field(
        1,
        "",
        One(&Message(&[
            Field(1, "type", Text),
            Field(2, "description", Text),
            Field(3, "name", Text),
            Field(4, "in", Text),
        ])),
    )])),
)]);

static PATH_V3: Message = Message(&[
    Field(4, "get", One(&OPERATION_V3)),
    Field(5, "put", One(&OPERATION_V3)),
    Field(6, "post", One(&OPERATION_V3)),
    Field(7, "delete", One(&OPERATION_V3)),
    Field(10, "patch", One(&OPERATION_V3)),
    Field(13, "parameters", Many(&PARAMETER_V3)),
]);

static OPERATION_V3: Message = Message(&[
    Field(1, "tags", Texts),
    Field(3, "description", Text),
    Field(5, "operationId", Text),
    Field(6, "parameters", Many(&PARAMETER_V3)),
    Field(7, "requestBody", One(&BODY_V3)),
    Field(
        8,
        "responses",
        One(&Message(&[Field(2, "", Named(&RESPONSE_V3))])),
    ),
    Field(13, "", Extensions),
]);

static PARAMETER_V3: Message = Message(&[Field(
    1,
    "",
    One(&Message(&[
        Field(1, "name", Text),
        Field(2, "in", Text),
        Field(4, "required", Truth),
        Field(10, "schema", One(&PLACE_V3)),
    ])),
)]);

static BODY_V3: Message = Message(&[Field(
    1,
    "",
    One(&Message(&[
        Field(2, "content", One(&CONTENT_V3)),
        Field(3, "required", Truth),
    ])),
)]);

static CONTENT_V3: Message = Message(&[Field(1, "", Named(&MEDIA_V3))]);

static MEDIA_V3: Message = Message(&[Field(1, "schema", One(&PLACE_V3))]);

static RESPONSE_V3: Message = Message(&[Field(
    1,
    "",
    One(&Message(&[
        Field(1, "description", Text),
        Field(3, "content", One(&CONTENT_V3)),
    ])),
)]);

/// Components and properties alike.
static SCHEMAS_V3: Message = Message(&[Field(1, "", Named(&PLACE_V3))]);

/// A schema, or where one lies.
static PLACE_V3: Message = Message(&[
    Field(1, "", If(|of| of["$ref"].is_null(), &SCHEMA_V3)),
    Field(2, "$ref", One(&Message(&[Field(1, "", Text)]))),
]);

static SCHEMA_V3: Message = Message(&[
    Field(1, "nullable", Truth),
    Field(9, "title", Text),
    Field(10, "multipleOf", Fraction),
    Field(11, "maximum", Fraction),
    Field(12, "exclusiveMaximum", Truth),
    Field(13, "minimum", Fraction),
    Field(14, "exclusiveMinimum", Truth),
    Field(15, "maxLength", Whole),
    Field(16, "minLength", Whole),
    Field(17, "pattern", Text),
    Field(18, "maxItems", Whole),
    Field(19, "minItems", Whole),
    Field(20, "uniqueItems", Truth),
    Field(21, "maxProperties", Whole),
    Field(22, "minProperties", Whole),
    Field(23, "required", Texts),
    Field(24, "enum", Anys),
    Field(25, "type", Text),
    Field(26, "allOf", Many(&PLACE_V3)),
    Field(27, "oneOf", Many(&PLACE_V3)),
    Field(28, "anyOf", Many(&PLACE_V3)),
    Field(29, "not", One(&SCHEMA_V3)),
    Field(30, "items", One(&Message(&[Field(1, "", One(&PLACE_V3))]))),
    Field(31, "properties", One(&SCHEMAS_V3)),
    Field(32, "additionalProperties", One(&ADDITIONAL_V3)),
    Field(33, "default", One(&DEFAULT_V3)),
    Field(34, "description", Text),
    Field(35, "format", Text),
    Field(36, "", Extensions),
]);

static ADDITIONAL_V3: Message = Message(&[
    Field(1, "", If(Value::is_object, &PLACE_V3)),
    Field(2, "", Truth),
]);

/// Defaults that are lists or objects have no place there.
static DEFAULT_V3: Message = Message(&[
    Field(1, "", Fraction),
    Field(2, "", Truth),
    Field(3, "", Text),
]);
