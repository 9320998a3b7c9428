(ns jepsen.quorate.nemesis
  "Jepsen's own faults, and handing the leadership over while all is well."
  (:require [clojure.string :as str]
            [jepsen [control :as c]
                    [generator :as gen]
                    [nemesis :as n]]
            [jepsen.nemesis.combined :as nc]
            [jepsen.quorate.db :as db]))

(def faults
  "What can be named on the command line."
  [:partition :kill :pause :clock :transfer])

(defn parse
  "Comma-separated names of faults."
  [text]
  (case text
    "none" []
    "all"  faults
    (mapv keyword (str/split text #","))))

(defn transfer-nemesis
  "Asks the leader to hand over to the node that is the value."
  []
  (reify
    n/Reflection
    (fs [_] #{:transfer})

    n/Nemesis
    (setup! [this _] this)

    (invoke! [_ test op]
      (assoc op :value
             {:to   (:value op)
              :said (c/on-nodes test
                                (fn [test node]
                                  (try (db/transfer! test node (:value op))
                                       (catch Exception e (.getMessage e)))))}))

    (teardown! [_ _])))

(defn transfer-package
  "Handing the leadership over, in the form of jepsen.nemesis.combined."
  [opts]
  {:generator (gen/stagger (:interval opts)
                           (fn [test _]
                             {:type  :info
                              :f     :transfer
                              :value (rand-nth (:nodes test))}))
   :nemesis   (transfer-nemesis)
   :perf      #{{:name "transfer", :fs #{:transfer}, :color "#A0E9B1"}}})

(defn package
  "Takes a database and options of the command line. Makes a map of a nemesis
  and its generators. Only what was asked for is set up: clocks, for one, are
  set right at the beginning of a test that is to set them wrong."
  [db opts]
  (let [faults (set (:nemesis opts))
        opts   {:db        db
                :faults    faults
                :interval  (:nemesis-interval opts)
                :partition {:targets [:one :primaries :majority :majorities-ring]}
                :kill      {:targets [:one :primaries :majority :all]}
                :pause     {:targets [:one :primaries :majority]}}]
    (nc/compose-packages
      (cond-> []
        (:partition faults)           (conj (nc/partition-package opts))
        (some #{:kill :pause} faults) (conj (nc/db-package opts))
        (:clock faults)               (conj (nc/clock-package opts))
        (:transfer faults)            (conj (transfer-package opts))))))
