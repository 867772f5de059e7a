import { type Definition, inSchemas, notOfExtension } from './definition';

/** Holds for a function whose definition needs a relation. */
const USES_RELATION = `(EXISTS (SELECT FROM pg_catalog.pg_type y JOIN pg_catalog.pg_class yc ON yc.oid = y.typrelid AND yc.relkind <> 'c' WHERE y.oid = p.prorettype OR y.oid = (SELECT el.typelem FROM pg_catalog.pg_type el WHERE el.oid = p.prorettype) OR y.oid = ANY (p.proargtypes::oid[]) OR y.oid = ANY (coalesce(p.proallargtypes, '{}'))) OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass))`;

function functionsWhere(condition: string): Definition {
  return [
    'FUNCTION',
    `SELECT format(E'%s;\\nALTER %s %s OWNER TO %I;', pg_get_functiondef(p.oid), CASE prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.oid::pg_catalog.regprocedure, pg_get_userbyid(proowner)) AS ddl
FROM pg_catalog.pg_proc p ${inSchemas('pronamespace')} JOIN pg_catalog.pg_language l ON l.oid = prolang
WHERE prokind IN ('f', 'p', 'w') AND ${notOfExtension('pg_proc', 'p.oid')} AND ${condition} ORDER BY p.oid`,
  ];
}

/** Functions that tables may use. */
export const FUNCTIONS_BEFORE_TABLES = functionsWhere(`NOT ${USES_RELATION}`);

/** Functions that use tables. */
export const FUNCTIONS_AFTER_TABLES = functionsWhere(USES_RELATION);
