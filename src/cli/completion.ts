/** Completion scripts, made from the commands themselves, so that they cannot fall behind. Pure. */
import type { Command, Option } from 'commander';

type Shell = 'bash' | 'zsh' | 'fish';

interface Word {
  name: string;
  summary: string;
  options: { flags: string[]; summary: string; values: Values }[];
  /** Words that may stand as its argument. */
  words: string[];
}

/** What may follow an option: nothing, one of these, a file, or anything. */
type Values = readonly string[] | 'none' | 'file' | 'any';

export function completionScript(program: Command, shell: Shell): string {
  const words = program.commands.map(wordOf);
  const name = program.name();
  if (shell === 'bash') return bash(name, words);
  return shell === 'zsh' ? zsh(name, words) : fish(name, words);
}

function wordOf(command: Command): Word {
  return {
    name: command.name(),
    summary: command.summary(),
    options: [
      ...command.options.map((option) => ({
        flags: [option.long, option.short].filter((flag) => flag !== undefined && flag !== null),
        summary: option.description,
        values: valuesOf(option),
      })),
      { flags: ['--help', '-h'], summary: 'display help for command', values: 'none' as const },
    ],
    words: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  };
}

function valuesOf(option: Option): Values {
  if (!option.required && !option.optional) return 'none';
  if (option.argChoices !== undefined) return option.argChoices;
  return option.flags.includes('<file>') ? 'file' : 'any';
}

function functionName(name: string): string {
  return `_${name.replaceAll('-', '_')}`;
}

function bash(name: string, words: Word[]): string {
  const self = functionName(name);
  const values = words.flatMap(({ name: word, options }) =>
    options.flatMap(({ flags, values: after }) => {
      if (after === 'none') return [];
      const pattern = flags.map((flag) => `'${word} ${flag}'`).join('|');
      const found =
        after === 'file'
          ? 'COMPREPLY=($(compgen -f -- "$cur"))'
          : after === 'any'
            ? 'COMPREPLY=()'
            : `COMPREPLY=($(compgen -W '${after.join(' ')}' -- "$cur"))`;
      return [`    ${pattern}) ${found}; return ;;`];
    }),
  );
  const lists = words.map(
    ({ name: word, options, words: args }) =>
      `    ${word}) words='${[...args, ...options.flatMap(({ flags }) => flags)].join(' ')}' ;;`,
  );
  const names = words.map((word) => word.name);
  return `# bash completion of ${name}:  source <(${name} completion bash)
${self}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= words= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${names.join('|')}) command=$word; break ;; esac
  done
  case "$command $prev" in
${values.join('\n')}
  esac
  case $command in
    '') words='${[...names, '--help', '--version'].join(' ')}' ;;
${lists.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F ${self} ${name}
`;
}

function zsh(name: string, words: Word[]): string {
  const self = functionName(name);
  const names = words.map(({ name: word, summary }) => `    '${word}:${zshText(summary)}'`);
  const cases = words.map(({ name: word, options, words: args }) => {
    const specs = options.flatMap(({ flags, summary, values }) =>
      flags.map((flag) => `'${flag}[${zshText(summary)}]${zshValues(values)}'`),
    );
    const rest = args.length === 0 ? [] : [`'1:argument:(${args.join(' ')})'`];
    return `    ${word}) _arguments ${[...specs, ...rest].join(' ')} ;;`;
  });
  return `#compdef ${name}
# zsh completion of ${name}:  ${name} completion zsh > "\${fpath[1]}/_${name}"
${self}() {
  local -a commands
  commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT -= 1 ))
  case $command in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _${name} ]]; then
  ${self} "$@"
else
  compdef ${self} ${name}
fi
`;
}

function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, String.raw`\$&`);
}

function zshValues(values: Values): string {
  if (values === 'none') return '';
  if (values === 'file') return ':file:_files';
  return values === 'any' ? ':value: ' : `:value:(${values.join(' ')})`;
}

function fish(name: string, words: Word[]): string {
  const lines = words.flatMap(({ name: word, summary, options, words: args }) => {
    const within = `complete -c ${name} -n '__fish_seen_subcommand_from ${word}'`;
    return [
      `complete -c ${name} -f -n __fish_use_subcommand -a ${word} -d ${fishText(summary)}`,
      ...(args.length === 0 ? [] : [`${within} -f -a '${args.join(' ')}'`]),
      ...options.map(({ flags, summary: about, values }) => {
        const named = flags.map((flag) =>
          flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
        );
        return [within, ...named, ...fishValues(values), `-d ${fishText(about)}`].join(' ');
      }),
    ];
  });
  return [`# fish completion of ${name}`, `complete -c ${name} -f`, ...lines, ''].join('\n');
}

function fishText(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}

function fishValues(values: Values): string[] {
  if (values === 'none') return [];
  if (values === 'file') return ['-r -F'];
  return values === 'any' ? ['-x'] : [`-x -a '${values.join(' ')}'`];
}
