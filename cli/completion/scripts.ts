import type { Shell } from './shells.ts'

/*
 * What shells are told. Each asks the program itself what may come next, so nothing in these scripts has to change when a command does. An answer is
 * a line for each candidate, with a tab before its description, or `:files` or `:folders` for what a shell finds better by itself.
 */

const bash = `# specyard: completion for Bash. In ~/.bashrc: source <(specyard completion bash)
_specyard() {
  local current="\${COMP_WORDS[COMP_CWORD]}" value rest path
  [ "$current" = '=' ] && current=''
  COMPREPLY=()
  while IFS=$'\\t' read -r value rest; do
    case "$value" in
      :files | :folders)
        compopt -o filenames 2>/dev/null
        while IFS= read -r path; do COMPREPLY+=("$path"); done < <(
          if [ "$value" = :files ]; then compgen -f -- "$current"; else compgen -d -- "$current"; fi
        )
        ;;
      *) COMPREPLY+=("$value") ;;
    esac
  done < <(command "\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _specyard specyard
`

const zsh = `#compdef specyard
# specyard: completion for Zsh. In ~/.zshrc, behind compinit: source <(specyard completion zsh)
_specyard() {
  local -a candidates
  local value description paths=''
  while IFS=$'\\t' read -r value description; do
    case "$value" in
      :files | :folders) paths="$value" ;;
      *) candidates+=("\${value//:/\\\\:}:$description") ;;
    esac
  done < <(command "\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#candidates} )) && _describe specyard candidates
  if [[ "$paths" = :files ]]; then _files; elif [[ "$paths" = :folders ]]; then _files -/; fi
}
if [[ "$funcstack[1]" = _specyard ]]; then _specyard "$@"; else compdef _specyard specyard; fi
`

const fish = `# specyard: completion for fish. Once: specyard completion fish > ~/.config/fish/completions/specyard.fish
function __specyard_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    for line in (command $before[1] __complete -- $before[2..-1] "$current" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$current"
            case :folders
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c specyard -f -a '(__specyard_complete)'
`

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish }
