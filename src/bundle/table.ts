/** One row of a tab-separated file. */
export interface Row {
  /** Counts from 1; the header is line 1. */
  readonly line: number;
  /** The cell in the named column, unescaped and made safe; null for `-` and for a column that is not there. */
  readonly cell: (column: string) => string | null;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** Lines that have not as many cells as the header, or no line end. */
  readonly damagedLines: readonly number[];
}

/**
 * Reads the tab-separated files of the layout by their header line. `safe` is applied to every cell, once and after its escapes
 * are undone: a credential can hide behind an escape. Where the header may be damaged, `layout` stands for one that lacks a column of
 * it. Never throws.
 */
export function readTable(
  text: string,
  safe: (cell: string) => string,
  layout: readonly string[] | null = null,
): Table {
  const lines = text.split("\n");
  const unended = lines.pop() ?? "";
  const header = (lines[0] ?? "").split("\t");
  const columns = layout?.every((column) => header.includes(column)) === false ? layout : header;
  const position = new Map(columns.map((column, index) => [column, index]));
  const rows: Row[] = [];
  const damagedLines: number[] = [];
  for (const [index, row] of lines.entries()) {
    if (index === 0 || row === "") continue;
    const cells = row.split("\t").map((cell) => value(cell, safe));
    if (cells.length !== columns.length) damagedLines.push(index + 1);
    else rows.push({ line: index + 1, cell: (column) => cells[position.get(column) ?? -1] ?? null });
  }
  if (unended !== "") damagedLines.push(lines.length + 1);
  return { columns, rows, damagedLines };
}

const value = (cell: string, safe: (cell: string) => string): string | null =>
  cell === "-" || cell === "" ? null : safe(unescapeCell(cell));

const NAMED: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", "\\": "\\" };

/** `\xHH` from 0x80 on is a byte that is no text: it stays as it is written. */
function unescapeCell(cell: string): string {
  return cell.replace(/\\(?:([tnr\\])|x([0-7][0-9A-Fa-f]))/g, (_match, name?: string, hex?: string) =>
    name === undefined ? String.fromCharCode(Number.parseInt(hex ?? "0", 16)) : (NAMED[name] ?? ""),
  );
}
