/** How each shell calls this program at Tab. A variable passes the line, so no shell quotes it. */
export const completionScripts = {
  bash: `# Load it in ~/.bashrc: source <(servo-tui completion bash)
_servo_tui() {
  local IFS=$'\\n'
  COMPREPLY=($(SERVO_COMPLETION_LINE="\${COMP_LINE:0:COMP_POINT}" servo-tui completion words 2>/dev/null | cut -f1))
}
complete -o default -F _servo_tui servo-tui servo
`,
  zsh: `#compdef servo-tui servo
# Load it in ~/.zshrc, behind compinit: source <(servo-tui completion zsh)
_servo_tui() {
  local -a found
  local line
  for line in "\${(@f)$(SERVO_COMPLETION_LINE="$LBUFFER" servo-tui completion words 2>/dev/null)}"; do
    [[ -n "$line" ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( $#found )) && _describe 'servo-tui' found || _files
}
compdef _servo_tui servo-tui servo
`,
  fish: `# Save it as ~/.config/fish/completions/servo-tui.fish
function __servo_tui_words
    set -l words (env SERVO_COMPLETION_LINE=(commandline -cp | string collect) servo-tui completion words 2>/dev/null)
    if test (count $words) -gt 0
        printf '%s\\n' $words
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c servo-tui -f -a '(__servo_tui_words)'
complete -c servo -f -a '(__servo_tui_words)'
`,
} as const;
