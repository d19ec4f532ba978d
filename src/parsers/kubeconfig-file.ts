/** True where text has a line that names it a kubeconfig (YAML or JSON). Looks at the first 64 KiB. */
export function saysKubeconfig(content: string): boolean {
  return /^[ \t{]{0,64}"?kind"?:[ \t]{0,8}"?Config"?[ \t,}]{0,64}\r?$/m.test(content.slice(0, 65_536));
}
